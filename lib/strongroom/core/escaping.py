"""What people write is data: each way out has one function here that keeps it so, and no other code escapes.

A name, a description or a file's name may hold anything: what a terminal obeys (ESC, U+009B), what turns a line around
(U+202E), what a spreadsheet computes (`=1+1`), what ends a quote or a line. SQL has its own functions in
`core/sql_text.py`, HTML in `reports/markup.py`. Which code may send something out: `docs/decisions/sinks.md`.
"""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite

MOST_MARKS = 4
"""So many combining marks may stand on one letter (Hebrew with its accents has four); more would paint over the lines
above and below."""
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that nobody sees, most of Unicode's Default_Ignorable_Code_Point."""
_FORMULA = re.compile(r"(^|[;|])([\s\"']*)(?=[=+\-@%\uff1d\uff0b\uff0d\uff20])")
_HEADER = re.compile(r"[\x20-\x7e]*")
_QUOTED = re.compile(r"[\\']")
_MARKDOWN = re.compile(r"[\\`|<&]|(?<=!)\[|(?<=\])\(")


def visible(text: str) -> str:
    """One line for a terminal or a text file, with nothing in it that acts or hides: such a sign is `‹U+202E›`.

    Controls (line ends and tabs, too), marks of direction and width, halves of characters, what is unassigned, and
    combining marks beyond `MOST_MARKS` are written so. Backslashes mean nothing here, so paths, patterns and commands
    stay as they are; only a `‹U+` that was typed out becomes `‹U+2039›U+`, so that each line has one meaning.
    """
    return _numbered(text, "‹U+{:04X}›".format)


def visible_lines(text: str) -> str:
    """Lines of ours, each made `visible`. Whoever puts a text of others into one calls `one_line` first."""
    return "\n".join(map(visible, text.split("\n")))


def one_line(text: str) -> str:
    """A text of others within a line of ours: its line ends become `␤`, so that it cannot begin a line of its own."""
    return text.replace("\n", "␤")


def joined(lines: Iterable[str]) -> str:
    """Lines of ours, one below the other, none of which a text in it breaks."""
    return "\n".join(map(one_line, lines))


def json_text(value: object, *, indent: int | None = None, compact: bool = False, ascii_only: bool = False) -> str:
    r"""JSON that a terminal may show: what `visible` would not leave stands as `\u202e`, which any parser undoes.

    Numbers that JSON has no form for stand as the texts "NaN", "Infinity" and "-Infinity"; with `ascii_only` no stream
    has to turn any sign into another.
    """
    form = json.JSONEncoder(
        ensure_ascii=ascii_only, allow_nan=False, indent=indent, separators=(",", ":") if compact else None
    )
    try:
        written = form.encode(value)
    except ValueError:
        written = form.encode(_finite(value))
    return "\n".join(_numbered(line, _json_escape) for line in written.split("\n"))


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return json.dumps(value) if isinstance(value, float) and not isfinite(value) else value


def is_plain(text: str) -> bool:
    """Whether nothing in a text acts or hides, so that it may be a name."""
    return visible(text) == text


def is_unicode(text: str) -> bool:
    """Whether a text has only whole characters, so that a file takes it."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def in_log(text: str) -> str:
    """A text for the audit log: what nobody sees of it (or no file takes) by its number; twice is as once."""
    if text.isascii() and text.isprintable():
        return text
    seen = ((sign, sign.isprintable() and not hidden) for sign, _, hidden in _signs(text))
    return "".join(sign if shows else _in_python(ord(sign)) for sign, shows in seen)


def cell(text: str) -> str:
    """A cell of a CSV file that a spreadsheet shows and never computes, also where `;` parts the cells.

    Source: https://owasp.org/www-community/attacks/CSV_Injection.
    """
    return _FORMULA.sub(r"\1\2'", visible(text))


def label(text: str) -> str:
    """The value of a Prometheus label, between its quotes."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def header(text: str) -> str:
    """The value of an HTTP header.

    Raises:
        ValueError: it holds more than the signs of ASCII, or a line end.
    """
    if not _HEADER.fullmatch(text):
        raise ValueError("this is no header's value")
    return text


def file_name(text: str) -> str:
    """A name that is one plain file in any folder and system; other signs become a low line, long names are cut."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)[:120].lstrip(".") or "_"


def markdown_cell(text: str) -> str:
    """A cell of a Markdown table: it neither ends, nor is it markup, a link or a picture."""
    return _MARKDOWN.sub(r"\\\g<0>", one_line(text))


def shell_word(text: str) -> str:
    """One word of a command to copy: bash reads exactly this text from it, and a terminal shows it."""
    if is_plain(text):
        return shlex.quote(text)
    return (
        "$'" + "".join(_bytes(sign) if hidden else _QUOTED.sub(r"\\\g<0>", sign) for sign, hidden in _seen(text)) + "'"
    )


def glob_words(text: str) -> str:
    """The text as Hadoop's globs take it literally."""
    return re.sub(r"([{}\[\]*?\\])", r"\\\1", text)


def _numbered(text: str, number: Callable[[int], str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(number(ord(sign)) if hidden else sign for sign, hidden in _seen(text))


def _seen(text: str) -> Iterator[tuple[str, bool]]:
    """Each sign, and whether it is to be written by its number."""
    for at, (sign, kind, hidden) in enumerate(_signs(text)):
        typed = sign == "‹" and text.startswith("U+", at + 1)
        yield sign, typed or kind in _UNSEEN or hidden


def _signs(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each sign, its category, and whether it is one that nobody sees, or one mark too many on a letter."""
    marks = 0
    for sign in text:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        yield sign, kind, marks > MOST_MARKS or bool(_FILLERS.match(sign))


def _in_python(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(code: int) -> str:
    units = chr(code).encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _bytes(sign: str) -> str:
    undo = "surrogateescape" if "\udc80" <= sign <= "\udcff" else "surrogatepass"  # a byte that was no UTF-8
    return "".join(f"\\x{byte:02x}" for byte in sign.encode("utf-8", undo))


def preparing(name: str, *options: str, mode: str = "") -> str:
    """The command that prepares a data set, whole, for somebody to copy."""
    how = (f"--set prepare.mode={mode}",) if mode else ()
    return " ".join(("./spark-submit.sh prepare --contract", shell_word(name), *how, *options))
