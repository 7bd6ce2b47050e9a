"""E-mail addresses, web addresses, IP and MAC addresses, user names: what the byte `@`, `:` or `.` gives away."""

import ipaddress
import re
from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.linear import pattern
from strongroom.text.spans import Span

_LETTER = rb"A-Za-z0-9\x80-\x82"
EMAIL = pattern(
    rb"[" + _LETTER + rb"._%+'-]+(?:@| ?[\[(] ?(?:at|AT) ?[\])] ?)(?:[" + _LETTER + rb"-]+\.)+[A-Za-z]{2,24}"
)
_EMAIL_IN_WORDS = pattern(
    rb"(?i)[a-z0-9._-]{2,64}(?: at | ?[\[(] ?at ?[\])] ?)([a-z0-9-]{2,40})"
    rb"(?: dot | ?[\[(] ?dot ?[\])] ?)(?:com|org|net|edu|gov|io|info|es|de|fr|co|uk|eu)\b"
)
_URL = pattern(rb"(?i)\b(?:(?:https?|ftps?)://|www\.)[^\x00-\x20<>\"\x84{}|\\^]+")
_IP4 = pattern(rb"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_IP6 = pattern(rb"[0-9A-Fa-f:]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]+(?:\.[0-9]{1,3}){0,3}|::1\b")
_MAC = pattern(rb"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_HANDLE = pattern(rb"@[A-Za-z0-9_](?:[A-Za-z0-9_.]{0,38}[A-Za-z0-9_])")
_NAMED = pattern(rb"[ :=\"'#]{1,4}(?:is |es |ist |est )?[\"'@]{0,2}([A-Za-z0-9_](?:[A-Za-z0-9_.-]{1,38}[A-Za-z0-9_]))")
_PROFILE = pattern(
    rb"(?i)/(?:in|users?|people|profiles?|u|members?|authors?|staff|team|~[a-z]+)/?[a-z0-9._-]*[a-z]"
    rb"|/@[a-z]|/~[a-z]|[?&;](?:e?mail|name|user(?:name)?|first_?name|last_?name|phone)=[^&]"
)
_WORD = pattern(rb"[A-Za-z]{3,}")


def span(match: re.Match[bytes], entity: str, score: float, found_by: str, group: int = 0) -> Span:
    """The span of a match or of one of its groups."""
    return Span(match.start(group), match.end(group), entity, score, found_by)


def bordered(block: Block, start: int, end: int) -> bool:
    """Whether neither a letter nor a digit stands right before or after; with start and end alike, right before."""
    cased = block.cased
    if start == end:
        end = len(cased)
    return not (
        (start and (cased[start - 1 : start].isalnum() or cased[start - 1] in b"\x80\x81"))
        or (end < len(cased) and (cased[end : end + 1].isalnum() or cased[end] in b"\x80\x81"))
    )


def emails(block: Block) -> Iterator[Span]:
    lower = block.lower
    if b"@" in lower or b"[at]" in lower or b"(at)" in lower:
        for match in EMAIL.finditer(block.cased):
            start, end = match.span()
            while block.cased[start] in b".'-%+":
                start += 1
            if end - start < 400 and block.cased[start] not in b"@[( ":
                yield Span(start, end, "email", 0.99, "email")
    if b" dot " in lower or b"dot]" in lower or b"dot)" in lower:
        for match in _EMAIL_IN_WORDS.finditer(block.cased):
            if not block.lexicon.words.get(match[1].lower(), 0) & Word.NEVER:
                yield span(match, "email", 0.8, "email.words")


def urls(block: Block) -> Iterator[Span]:
    """Every web address; one that shows a person is a `profile`."""
    if b"://" not in block.cased and b"www." not in block.lower:
        return
    words = block.lexicon.words
    for match in _URL.finditer(block.cased):
        start, end = match.span()
        while end > start and block.cased[end - 1] in b".,;:!?)]'*":
            end -= 1
        address = block.cased[start:end]
        path = address[address.find(b"/", 8) :] if b"/" in address[8:] else b""
        host = address[: len(address) - len(path)]
        named = any(
            words.get(word.lower(), 0) & Word.GIVEN and not words.get(word.lower(), 0) & Word.COMMON
            for word in _WORD.findall(path[:200])
        )
        if b"@" in host or named or _PROFILE.search(path[:400]):
            yield Span(start, end, "profile", 0.95, "url.person")
        elif end - start > 6:
            yield Span(start, end, "url", 0.9, "url")


def addresses_of_machines(block: Block) -> Iterator[Span]:
    cased = block.cased
    if b"." in cased:
        for match in _IP4.finditer(cased):
            start, end = match.span()
            after = cased[end : end + 2]
            part = cased[start - 1 : start] in (b".", b"-") or (after[:1] in (b".", b"-") and after[1:].isdigit())
            if part or not bordered(block, start, end) or block.near("not_id", start, end, before=12):
                continue
            if all(int(each) < 256 for each in match[0].split(b".")) and match[0][:1] != b"0":
                yield Span(start, end, "ip", 0.9, "ip.4")
    if b":" in cased:
        for match in _IP6.finditer(cased):
            if bordered(block, *match.span()) and _is_ip6(match[0]):
                yield span(match, "ip", 0.95, "ip.6")
    for match in _MAC.finditer(cased):
        signs = [match[0].count(sign) for sign in (b":", b"-", b".")]
        if bordered(block, *match.span()) and max(signs) in (2, 5) and sum(signs) == max(signs):
            yield span(match, "mac", 0.95, "mac")


def _is_ip6(text: bytes) -> bool:
    try:
        return 2 < len(text) < 46 and bool(ipaddress.IPv6Address(text.decode("ascii")))
    except ValueError:
        return False


def usernames(block: Block) -> Iterator[Span]:
    if b"@" in block.cased:
        for match in _HANDLE.finditer(block.cased):
            start, end = match.span()
            before = block.cased[start - 1 : start]
            if before in (b" ", b"\n", b"(", b'"', b":", b",", b"") or start == 0:
                yield Span(start, end, "username", 0.8, "username.handle")
    _, ends = block.phrases(block.lexicon.beside_numbers)["username"]
    for place in ends:
        named = _NAMED.match(block.cased, place, min(place + 60, len(block.cased)))
        if named and (b":" in named[0][:4] or b"=" in named[0][:4] or b" is " in named[0] or _odd(named[1])):
            name = named[1].lower()
            if not block.lexicon.words.get(name, 0) & (Word.COMMON | Word.NEVER) or _odd(named[1]):
                yield Span(named.start(1), named.end(1), "username", 0.8, "username.context")


def _odd(name: bytes) -> bool:
    """Whether a word looks made up: digits, dots or underscores in it."""
    return any(byte in b"0123456789_." for byte in name) and not name.isdigit()
