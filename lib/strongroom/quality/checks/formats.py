"""Is the text written as such things are? `format`, by the grammar of each one's own standard, ASCII only.

Each is one linear-time pattern (RE2), the calendar of dates apart. Nothing is looked up: an e-mail address or host name
has the form of one, whether it exists or not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.core.suggest import did_you_mean
from strongroom.quality.checks.check import Check
from strongroom.quality.checks.patterns import matching
from strongroom.quality.checks.runs import plain_addresses
from strongroom.quality.reading import datetimes

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
_IPV6 = "|".join(
    [rf"(?:{_H16}:){{6}}{_LS32}", rf"::(?:{_H16}:){{5}}{_LS32}", rf"(?:{_H16})?::(?:{_H16}:){{4}}{_LS32}"]
    + [rf"(?:(?:{_H16}:){{0,{6 - left}}}{_H16})?::(?:{_H16}:){{{left - 2}}}{_LS32}" for left in (5, 4, 3, 2)]
    + [rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}", rf"(?:(?:{_H16}:){{0,6}}{_H16})?::"]
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_OFFSET = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_PLAIN = r"A-Za-z0-9._~!$&'()*+,;=\-"
_PCHAR = rf"(?:[{_PLAIN}:@]|%[0-9A-Fa-f]{{2}})"
_AUTHORITY = (
    rf"(?:(?:[{_PLAIN}:]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:\[(?:{_IPV6}|v[0-9A-Fa-f]+\.[{_PLAIN}:]+)\]|(?:[{_PLAIN}]|%[0-9A-Fa-f]{{2}})*)(?::[0-9]*)?"
)
_REST = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"

_PATTERNS: Mapping[str, str] = {
    # RFC 3339, section 5.6; the offset may be left out.
    "time": rf"^{_CLOCK}{_OFFSET}?$",
    # https://html.spec.whatwg.org/#valid-e-mail-address, with the lengths of RFC 5321, section 4.5.3.1.
    "email": rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*$",
    # RFC 3986, appendix A: URI, with its scheme.
    "uri": rf"^[A-Za-z][A-Za-z0-9+.-]*:(?://{_AUTHORITY}(?:/{_PCHAR}*)*|/?{_PCHAR}+(?:/{_PCHAR}*)*|/)?{_REST}$",
    # RFC 9562, section 4: any version, hexadecimal digits in any case.
    "uuid": r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    # RFC 3986, section 3.2.2: four decimal octets without leading zeros.
    "ipv4": rf"^{_IPV4}$",
    # RFC 3986, section 3.2.2: all forms of RFC 4291, without a zone.
    "ipv6": rf"^(?:{_IPV6})$",
    # RFC 1123, section 2.1: labels of 1 to 63 letters, digits and inner hyphens.
    "hostname": rf"^{_LABEL}(?:\.{_LABEL})*$",
}
_LONGEST: Mapping[str, int] = {"email": 254, "hostname": 253}
FORMATS = ("date", "date-time", *_PATTERNS)


def format_of(argument: object, column: Column) -> Check:
    """Fails where the text does not have the named form."""
    if argument not in FORMATS:
        raise ValueError(f"knows no {argument!r}", did_you_mean(str(argument), FORMATS))
    if column.type.name != "string":
        raise ValueError(f"needs text, and the column is {column.type.ddl}")
    if argument == "date":
        return _no_date
    if argument == "date-time":
        # RFC 3339, section 5.6, with the blank its note allows for the T; the offset is needed to mean a moment.
        return _date_time(matching(rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ]{_CLOCK}{_OFFSET}$"))
    surely = plain_addresses if argument == "email" else None
    matches, most = matching(_PATTERNS[str(argument)], surely=surely), _LONGEST.get(str(argument))
    return matches if most is None else _at_most(matches, most)


def _no_date(flat: Flat) -> Mask | None:
    return datetimes.dates(flat.values)[1]


def _date_time(form: Check) -> Check:
    def fails(flat: Flat) -> Mask | None:
        formless = form(flat)
        no_date = datetimes.dates(pc.utf8_slice_codeunits(flat.values, 0, 10))[1]
        return formless if no_date is None else no_date if formless is None else formless | no_date

    return fails


def _at_most(matches: Check, most: int) -> Check:
    def fails(flat: Flat) -> Mask | None:
        failed = matches(flat)
        if flat.bytes.max(initial=0) <= most:
            return failed
        long = flat.given(flat.bytes > most)
        return buffers.some(long if failed is None else np.logical_or(failed, long))

    return fails
