"""What is told by bytes is what RE2 says, for every text: RE2 itself is the oracle."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column, Type
from strongroom.quality.checks.formats import _PATTERNS, format_of
from strongroom.quality.checks.patterns import matching, pattern
from strongroom.quality.checks.runs import plain_addresses, runs

BY_BYTES = [
    r"^[^@\s]+@[^@\s]+$", r"^[A-Za-z0-9 .-]+$", r"^[a-c]+\.[a-c]+$", r"^[^a]+$", r"^[^a]+a[^a]+$", r"^[\w.]+$",
    r"^[\d]+-[\d]+$", r"^[!-~]+$", r"^[^\s]+ [^\s]+$",
]  # fmt: skip
OTHERS = [
    r"[a-c]+$", r"^[a-c]*$", r"^[a-c]+@[a-d]+$", r"^[a-c.]+\.[a-c.]+$", r"^[\S]+$", r"^[é]+$", r"^[[:alpha:]]+$",
    r"^[a-c]+|[d]+$", r"(?i)^[a-c]+$", r"^[a]+b[a]+c[a]+$", r"^[\pL]+$", r"^a+$",
]  # fmt: skip
TEXTS = st.lists(
    st.none() | st.text("aAbd1@. -_\n\té☃~", max_size=6) | st.from_regex(r"[a1.]{1,4}@[a1.-]{1,6}", fullmatch=True),
    max_size=12,
)


def flat(values, *, skipped=0):
    array = pa.array([*["@@"] * skipped, *values], pa.string())[skipped:]
    return Flat(array, parents=None, absent=None, rows=len(array))


def failing(check, values, **how):
    failed = check(flat(values, **how))
    return [False] * len(values) if failed is None else failed.tolist()


def by_re2(expression, values):
    found = pc.match_substring_regex(pa.array(values, pa.string()), expression)
    return [one is False for one in found.to_pylist()]


@pytest.mark.whole
@pytest.mark.parametrize("expression", BY_BYTES)
@settings(deadline=None)
@given(values=TEXTS, skipped=st.integers(0, 2))
@example(values=["", "a@b", "@a", "a@", "@"], skipped=0)
@example(values=["a@b@c", "a", None, "é@☃"], skipped=1)
def test_runs_are_judged_as_re2_does(expression, values, skipped):
    assert runs(expression) is not None
    assert failing(matching(expression), values, skipped=skipped) == by_re2(expression, values)


@pytest.mark.parametrize("expression", OTHERS)
def test_every_other_pattern_is_left_to_re2(expression):
    assert runs(expression) is None
    values = ["", "a", "abc", "A", "a@b", "a@a", "a.b", "é", "d\n", "aabaca", " "]
    assert failing(matching(expression), values) == by_re2(expression, values)


@pytest.mark.whole
@settings(deadline=None)
@given(values=TEXTS, skipped=st.integers(0, 2))
@example(values=["a@b", "a.a@a-a.a", "a@a@a", ".a@a", "a@a.", "a..a@a", "a@-a", "", "a", "a_a@a"], skipped=1)
@example(values=["a" * 63 + "@b", "a@" + "b" * 64, "a" * 65 + "@b"], skipped=0)
def test_what_is_surely_an_address_is_one(values, skipped):
    email = Column("c", "c", Type("string"))
    wrong = by_re2(_PATTERNS["email"], values)
    surely = [told and value is not None
              for told, value in zip(plain_addresses(flat(values, skipped=skipped)), values, strict=True)]  # fmt: skip
    assert not any(told and failed for told, failed in zip(surely, wrong, strict=True))
    assert failing(format_of("email", email), values, skipped=skipped) == wrong


def test_common_texts_are_told_without_a_search(monkeypatch):
    """Else all of this is for nothing."""
    text = Column("c", "c", Type("string"))
    checks = [pattern(r"^[^@\s]+@[^@\s]+$", text), format_of("email", text)]
    monkeypatch.setattr(pc, "match_substring_regex", None)
    addresses = ["user000000001@example.com", "jane.doe@mail.example-shop.org", None, "a@b"]
    assert [failing(check, addresses) for check in checks] == [[False] * 4] * 2
