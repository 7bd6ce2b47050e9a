"""docs/settings.md has every setting, as the source gives it."""

from documents.settings import MARK, PAGE, SECTIONS, comments, explained, kinds, rendered


def test_the_page_is_made_from_the_source():
    """After a change: PYTHONPATH=lib:tests .strongroom/venv/bin/python tests/documents/settings.py"""
    assert PAGE.read_text(encoding="utf-8").partition(MARK)[2] == rendered()


def test_each_setting_says_what_it_is():
    said = comments()
    assert [
        (section, name) for section, known in SECTIONS.items() for name in known if (section, name) not in said
    ] == []


def test_each_word_for_a_value_is_explained():
    assert kinds() - explained() == set()
