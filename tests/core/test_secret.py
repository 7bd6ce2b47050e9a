import copy
import logging
import pickle
import traceback
from string import Formatter

import pytest

from strongroom.core.secret import Secret

MARK = b"MARKER-KEY-0123456789abcdef-MARK"
SECRET = Secret(MARK)


@pytest.mark.parametrize(
    ("show", "why"),
    [
        (repr, "a debugger"),
        (str, "print"),
        ("{}".format, "str.format"),
        (lambda secret: Formatter().format("{0!a:>40}", secret), "format with a conversion"),
        (lambda secret: f"{secret:>40}", "an f-string with a width"),
        (lambda secret: "%s %r" % (secret, secret), "old formatting"),  # noqa: UP031
        (lambda secret: repr({"key": [secret]}), "inside something else"),
    ],
)
def test_a_secret_does_not_show_itself(show, why):
    shown = show(SECRET)
    assert "Secret(…)" in shown or "Secret(\\u2026)" in shown, why
    assert "MARKER" not in shown, why


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_does_not_pickle(protocol):
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(SECRET, protocol)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_secret_is_not_copied(duplicate):
    with pytest.raises(TypeError, match="does not pickle"):
        duplicate(SECRET)


@pytest.mark.parametrize("give", [lambda secret: secret.__getstate__(), lambda secret: secret.__reduce__()])
def test_a_secret_gives_no_state_away(give):
    with pytest.raises(TypeError):
        give(SECRET)


def test_a_secret_has_no_dictionary_to_dump():
    with pytest.raises(TypeError):
        vars(SECRET)


def test_a_secret_is_compared_by_its_bytes_and_cannot_be_hashed():
    assert Secret(MARK) == SECRET
    assert Secret(b"other") != SECRET
    assert SECRET != MARK
    with pytest.raises(TypeError):
        hash(SECRET)


def test_a_traceback_with_its_variables_does_not_show_it():
    def fail(key):
        text = f"{key}"
        raise ValueError(text)

    try:
        fail(SECRET)
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "MARKER" not in shown
    assert "key = Secret(…)" in shown


def test_a_log_line_does_not_show_it(caplog):
    logging.getLogger("test").error("key %s %r", SECRET, SECRET)
    assert "MARKER" not in caplog.text


def test_what_is_in_it_comes_out_by_name_only():
    assert SECRET.reveal() == MARK
    assert not [name for name in dir(SECRET) if not name.startswith("_") and name != "reveal"]
