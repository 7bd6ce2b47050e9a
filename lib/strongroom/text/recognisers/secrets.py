"""API keys, tokens, private keys, passwords, and the wallets of crypto currencies."""

import hashlib
import math
from collections.abc import Iterator

from stdnum.bitcoin import b58decode

from strongroom.text.block import Block
from strongroom.text.linear import pattern
from strongroom.text.recognisers.web import bordered, span
from strongroom.text.spans import Span

_KNOWN = pattern(
    rb"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}"
    rb"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,}"
    rb"|sk-(?:ant-|proj-|or-v1-)?[A-Za-z0-9_-]{20,}|[srp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}"
    rb"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9A-Za-z-]{20,}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}"
    rb"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    rb"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
    rb"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,}|key-[0-9a-f]{32}|AC[0-9a-f]{32}|SK[0-9a-f]{32}|dapi[0-9a-f]{32}"
    rb"|https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}|AGE-SECRET-KEY-1[0-9A-Z]{50,}"
)
_STARTS = (
    b"AKIA",
    b"ASIA",
    b"ABIA",
    b"ACCA",
    b"gh",
    b"gl",
    b"sk",
    b"rk_",
    b"pk_",
    b"xox",
    b"xapp",
    b"AIza",
    b"ya29",
    b"eyJ",
    b"npm_",
    b"pypi",
    b"hf_",
    b"dop_",
    b"shp",
    b"SG.",
    b"key-",
    b"AC",
    b"SK",
    b"dapi",
    b"hooks",
    b":AA",
    b"whsec",
    b"AGE-",
)
_PEM = pattern(
    rb"-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----[^\x84-]*(?:-----END [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----)?"
)
_IN_URL = pattern(rb"(?i)[a-z][a-z0-9+.-]{1,20}://[^\x00-\x20/:@\x84]*:([^\x00-\x20/@\x84]+)@")
_ASSIGNED = pattern(rb"[\"']?(?:[ ]?[:=]{1,2}>?[ ]?| is | es | ist | est | )[\"']?([^\x00-\x20\x84\"']{4,})")
_BASE58 = pattern(rb"[1-9A-HJ-NP-Za-km-z]{26,35}")
_BECH32 = pattern(rb"(?:bc1|tb1|ltc1|addr1|cosmos1|osmo1)[02-9ac-hj-np-z]{20,110}")
_HEX_WALLET = pattern(rb"0x[0-9a-fA-F]{40}")
_MONERO = pattern(rb"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}")
_FIRST = {b"1", b"3", b"L", b"M", b"D", b"T", b"X", b"r", b"t"}


def secrets(block: Block) -> Iterator[Span]:
    cased = block.cased
    if any(start in cased for start in _STARTS):
        for match in _KNOWN.finditer(cased):
            if bordered(block, match.start(), match.start()):
                yield span(match, "secret", 0.97, "secret.known")
    if b"PRIVATE KEY" in cased:
        for match in _PEM.finditer(cased):
            yield span(match, "secret", 0.99, "secret.private_key")
    if b"://" in cased:
        for match in _IN_URL.finditer(cased):
            yield span(match, "secret", 0.995, "secret.url", 1)
    for place in block.phrases(block.lexicon.beside_numbers)["secret"][1]:
        told = _ASSIGNED.match(cased, place, min(place + 300, len(cased)))
        if told:
            start, end = told.span(1)
            while end > start and cased[end - 1] in b".,;:)":
                end -= 1
            if end - start >= 4 and _made_up(
                cased[start:end],
                b":" in told[0][:4] or b"=" in told[0][:4],
                told[0][:1] == b" " and b" " not in told[0][1:],
            ):
                yield Span(start, end, "secret", 0.85, "secret.context")


def _made_up(value: bytes, assigned: bool, bare: bool) -> bool:
    """Whether a value is no word of a sentence: several kinds of characters, or many different ones."""
    kinds = sum(any(test(byte) for byte in value) for test in (
        lambda byte: 97 <= byte < 123, lambda byte: 65 <= byte < 91, lambda byte: 48 <= byte < 58,
        lambda byte: byte in b"!#$%^&*_+-=~?",
    ))  # fmt: skip
    if value.startswith((b"http", b"{", b"<", b"$", b"[")):
        return False
    if bare:
        return kinds >= 3 and len(value) >= 8
    return kinds >= 3 or (assigned and kinds >= 2 and len(value) >= 6) or (len(value) >= 20 and bits(value) > 3.5)


def bits(value: bytes) -> float:
    """Shannon entropy a character."""
    return -sum(value.count(byte) / len(value) * math.log2(value.count(byte) / len(value)) for byte in set(value))


def wallets(block: Block) -> Iterator[Span]:
    cased = block.cased
    if b"0x" in cased:
        for match in _HEX_WALLET.finditer(cased):
            if bordered(block, *match.span()):
                yield span(match, "wallet", 0.9, "wallet.hex")
    if b"1" in cased:
        for match in _BECH32.finditer(cased):
            if bordered(block, *match.span()):
                yield span(match, "wallet", 0.95, "wallet.bech32")
    for match in _BASE58.finditer(cased):
        value = match[0]
        if value[:1] in _FIRST and bordered(block, *match.span()) and not value.isalpha() and _checks(value):
            yield span(match, "wallet", 0.98, "wallet.base58")
    for match in _MONERO.finditer(cased):
        if bordered(block, *match.span()):
            yield span(match, "wallet", 0.95, "wallet.monero")


def _checks(value: bytes) -> bool:
    """Base58Check: the last four bytes are the start of a double SHA-256 of the others."""
    raw = b58decode(value.decode("ascii"))
    raw = raw.rjust(25, b"\x00")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]
