"""A value as all the byte patterns that it may lie in a file as."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from html.entities import codepoint2name
from itertools import product
from typing import Literal
from urllib.parse import quote

Kind = Literal["text", "email", "token"]
"""What a value is: an e-mail counts in small and capital letters and capital words too; a token as text and as the
bytes that it says."""
LONG, BORDERED = 8, 6
"""Bytes from which a value is searched for everywhere; and from which it is where it stands by itself. A shorter one
hits by chance all over, and is compared in named columns only (what hits by chance: docs/decisions/proof.md).
"""


@dataclass(frozen=True, slots=True)
class Needle:
    """A value of a person that should not be there any more. It is never shown.

    Args:
        subject: the person's number in this search.
        name: what the value is (`email`); this is what results say.
        value: text, or bytes that are no text, as of a tag.
        kind: what counts as the same value.
        shared: whether others have the same (a birthday, a town): it is compared in named columns only.
    """

    subject: int
    name: str
    value: str | bytes = field(repr=False)
    kind: Kind = "text"
    shared: bool = False

    def __post_init__(self) -> None:
        whole = isinstance(self.value, bytes) or self.value.encode("utf-8", "ignore").decode() == self.value
        if not self.value or not whole:
            raise ValueError(f"value {self.name!r} of subject {self.subject} is empty, or no text")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Bytes that are looked for.

    Args:
        form: one of FORMS.
        data: the bytes.
        border: bytes of a character, where this counts only between others than letters and digits; else 0.
    """

    form: str
    data: bytes = field(repr=False)
    border: int = 0


def reach(needle: Needle) -> Literal["bytes", "borders", "columns"]:
    """How a value is judged: by a search of all bytes, by one at word borders, or in named columns."""
    size = len(_bytes(needle.value))
    if size < BORDERED or needle.shared:
        return "columns"
    return "bytes" if size >= LONG else "borders"


def patterns_of(needle: Needle) -> list[Pattern]:
    """Everything to search for; nothing for a value that is compared in columns only. Equal bytes stand there once.

    A form of less than 6 bytes (three letters in Latin-1) is left out, as such a value is.
    """
    how = reach(needle)
    if how == "columns":
        return []
    found: dict[bytes, Pattern] = {}
    for form, data in _all(needle):
        apart = (how == "borders" or len(data) < LONG) and form not in _CODED
        border = (2 if form.startswith("utf-16") else 1) if apart else 0
        if len(data) >= BORDERED:
            found.setdefault(data, Pattern(form, data, border))
    return list(found.values())


def texts_of(needle: Needle) -> list[str]:
    """The spellings of a value that count as the same text; none for bytes."""
    if isinstance(needle.value, bytes):
        return []
    text = needle.value
    written = _cases(text) if needle.kind == "email" else [text]
    return list(dict.fromkeys(unicodedata.normalize(form, one) for one in written for form in ("NFC", "NFD"))
                | dict.fromkeys(written))  # fmt: skip


def _cases(email: str) -> list[str]:
    """An address as people write it: as it is, small, in capitals, and its words with capitals (`First.Last@…`)."""
    small = email.lower()
    local, at, domain = small.rpartition("@")
    return [
        email, email.casefold(), small, email.upper(),
        f"{local.title()}{at}{domain}", f"{local.capitalize()}{at}{domain}",
    ]  # fmt: skip


def bytes_of(needle: Needle) -> list[bytes]:
    """The bytes that a binary column holds a value as."""
    raw = [needle.value] if isinstance(needle.value, bytes) else _said(needle)
    return [*raw, *(text.encode() for text in texts_of(needle))]


def _all(needle: Needle) -> Iterator[tuple[str, bytes]]:
    for text in texts_of(needle):
        for form, (written, changed) in _TEXT.items():
            if changed is None or not text.isascii() or changed.search(text):
                yield from ((form, data) for data in written(text))
        yield from _coded(text.encode())
    for raw in [needle.value] if isinstance(needle.value, bytes) else _said(needle):
        yield "raw", raw
        yield from _coded(raw)


def _said(needle: Needle) -> list[bytes]:
    """The bytes that a token's text says, in either alphabet; none where it says no such thing."""
    if needle.kind != "token" or not isinstance(needle.value, str):
        return []
    text = needle.value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        said = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return []
    return [said] if len(said) >= LONG else []


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _encoded(text: str, encoding: str) -> list[bytes]:
    try:
        return [text.encode(encoding)]
    except UnicodeEncodeError:
        return []


def _utf8(*ways: Callable[[str], str]) -> Callable[[str], list[bytes]]:
    return lambda text: [way(text).encode() for way in ways]


def _url(text: str) -> list[bytes]:
    """Quoted with and without `/` and `@`, with `+` for a blank, in small hexadecimal digits, and twice."""
    all_of_it = quote(text, safe="")
    twice = all_of_it.replace("%", "%25")
    ways = [
        all_of_it, all_of_it.replace("%2F", "/"), all_of_it.replace("%20", "+"), all_of_it.replace("%40", "@"),
        _QUOTED.sub(lambda found: found[0].lower(), all_of_it), twice, twice.replace("%2540", "%40"),
    ]  # fmt: skip
    return [way.encode() for way in ways]


def _json(text: str, *, ascii_only: bool = True) -> str:
    plain = json.dumps(text)[1:-1]
    return plain if ascii_only else "".join(one if ord(one) >= 0x7F else json.dumps(one)[1:-1] for one in text)


def _large_hex(text: str) -> str:
    return "".join(one if ord(one) < 0x80 else _json(one).upper().replace("\\U", "\\u") for one in text)


def _twice(text: str) -> str:
    return _json(_json(text))


def _html(text: str) -> list[bytes]:
    """As HTML and XML, whatever of it is written as entities, and as which."""
    beyond = {ord(one) for one in text if ord(one) > 0x7F}
    ways = (chr, _name, "&#{};".format, "&#x{:x};".format, "&#x{:X};".format) if beyond else (chr,)
    return [
        text.translate({**signs, **{code: other(code) for code in beyond}}).encode()
        for signs, other in product(_SIGNS, ways)
    ]


def _name(code: int) -> str:
    return f"&{codepoint2name[code]};" if code in codepoint2name else f"&#{code};"


_NAMED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_SIGNS: tuple[dict[int, str], ...] = (
    {}, _NAMED, *({**_NAMED, ord("'"): one} for one in ("&#39;", "&#x27;", "&apos;")), {**_NAMED, ord('"'): '"'},
    {code: f"&#{code};" for code in b"&<>\"'"}, {ord("@"): "&#64;"}, {ord("@"): "&#x40;"},
)  # fmt: skip
_QUOTED = re.compile("%[0-9A-F]{2}")
_NOTHING = re.compile(r"(?!)")
_TEXT: dict[str, tuple[Callable[[str], list[bytes]], re.Pattern[str] | None]] = {
    "utf-8": (_utf8(str), None),
    "utf-16-le": (partial(_encoded, encoding="utf-16-le"), None),
    "utf-16-be": (partial(_encoded, encoding="utf-16-be"), None),
    "latin-1": (partial(_encoded, encoding="cp1252"), _NOTHING),
    "url": (_url, re.compile(r"[^A-Za-z0-9_.~-]")),
    "json-escaped": (_utf8(
        _json, _large_hex, partial(_json, ascii_only=False), _twice,
        lambda text: _json(text).replace("/", "\\/"), lambda text: _json(text, ascii_only=False).replace("/", "\\/"),
    ), re.compile(r"[\x00-\x1f\x7f\"\\/]")),
    "html": (_html, re.compile(r"[&<>\"'@]")),
    "csv-quoted": (_utf8(lambda text: text.replace('"', '""'), lambda text: text.replace('"', '\\"')), re.compile('"')),
}  # fmt: skip
"""What writes a text, and the signs of ASCII that are written otherwise there; None where it always is another one."""
_CODED = ("hex", "base64")
FORMS = (*_TEXT, *_CODED, "raw", "number", "date", "equal")
"""Every form that a result names: those of text, of bytes, and of values that are compared as what they are."""


def _coded(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    for before in range(3):
        letters = base64_letters(raw, before)
        yield "base64", letters
        yield "base64", letters.translate(_URL_SAFE)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def base64_letters(raw: bytes, before: int) -> bytes:
    """The letters of Base64 (RFC 4648) all whose bits are the value's, if so many bytes, modulo 3, stand before it."""
    first, last = -(-8 * before // 6), (8 * before + 8 * len(raw)) // 6
    return base64.b64encode(b"\0" * before + raw + b"\0\0")[first:last]
