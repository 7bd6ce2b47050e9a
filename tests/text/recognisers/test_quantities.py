"""Sums, durations, times, measures and counts; days and quantities that belong together; what is none of these."""

import pytest

from strongroom.text import COURT
from support.finding import of


@pytest.mark.parametrize(
    ("text", "letters", "why"),
    [
        ("he got EUR 1,500 in costs", "EUR 1,500", "code and figure"),
        ("it cost £300 then", "£300", "a sign that is no letter"),
        ("about 10,400 pounds sterling were", "about 10,400 pounds sterling", "with the word before it"),
        ("some 50,000,000 Turkish liras went", "some 50,000,000 Turkish liras", "whose money"),
        ("sentenced to eighteen months' detention", "eighteen months'", "in words"),
        ("after 44 hours and 5 minutes he", "44 hours and 5 minutes", "two units"),
        ("a six-year term", "six-year", "grown together"),
        ("he left at 11.05 a.m. and", "11.05 a.m.", "a time of day"),
        ("land of 1,103 sq. m there", "1,103 sq. m", "a measure"),
        ("they had three children and", "three children", "a count"),
        ("before 180 leaflets of", "180 leaflets", "a count of what has a plural in s"),
        ("tras dos años de uso", "dos años", "Spanish"),
        ("between 5 May 1997 and 18 April 2000 he", "between 5 May 1997 and 18 April 2000", "a span of days"),
        ("on 30 January, 18 April and 3 October 1996 it", "30 January, 18 April and 3 October 1996", "several days"),
        ("at 6.15 a.m. on 8 July 1994 he", "6.15 a.m. on 8 July 1994", "a time of a day"),
    ],
)
def test_is_found_as_it_stands(text, letters, why):
    assert letters in of(text, "quantity", COURT), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("under Article 6 judges decide", "a number of an article"),
        ("see no. 12 pages on", "a number"),
        ("in 1986 police officers came", "a year"),
        ("born in 1954 and lives in Ankara", "a year before another sentence's verb"),
        ("it fails 13 of", "no unit"),
        ("X ☃ 300 Y", "a sign that is no money"),
    ],
)
def test_stays(text, why):
    assert of(text, "quantity", COURT) == [], why


def test_days_stay_dates_for_whoever_asks_for_dates_alone():
    assert of("between 5 May 1997 and 18 April 2000 he", "date") == ["5 May 1997", "18 April 2000"]
