"""The API reference of docs/python.md is what the docstrings say."""

from documents.reference import MARK, PAGE, rendered


def test_the_reference_is_made_from_the_docstrings():
    """After a change of one: PYTHONPATH=lib .strongroom/venv/bin/python tests/documents/reference.py"""
    assert MARK + PAGE.read_text(encoding="utf-8").partition(MARK)[2] == rendered()
