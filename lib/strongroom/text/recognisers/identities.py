"""National and tax numbers by country: which shape each has, whose checksum it is, and when it stands for itself.

The checksums are those of python-stdnum. A number of digits alone fits many things: most need a word beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from stdnum.util import get_cc_module

ALWAYS, FORMATTED, LABELLED = "always", "formatted", "labelled"
"""When no word beside it is needed: at all; when it is written with its own separators; never."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A number that a country gives to persons or payers."""

    module: str
    entity: str
    shapes: tuple[str, ...]
    """9 a digit, A a letter, and the separators it is written with."""
    alone: str


def _of(module: str, entity: str, shapes: str, alone: str = LABELLED) -> Identity:
    return Identity(module, entity, tuple(shapes.split()), alone)


IDENTITIES = (
    _of("us.ssn", "national_id", "999-99-9999", FORMATTED),
    _of("us.itin", "tax_id", "999-99-9999", FORMATTED),
    _of("us.ein", "tax_id", "99-9999999"),
    _of("gb.nhs", "national_id", "9999999999 999-999-9999 999.999.9999"),
    _of("gb.utr", "tax_id", "9999999999 99999.99999"),
    _of("gb.vat", "tax_id", "AA999999999 AA999.9999.99", ALWAYS),
    _of("ca.sin", "national_id", "999999999 999.999.999 999-999-999"),
    _of("au.tfn", "tax_id", "999999999 99999999 999.999.999"),
    _of("nz.ird", "tax_id", "999999999 99999999 99-999-999 999-999-999"),
    _of("ie.pps", "national_id", "9999999A 9999999AA", ALWAYS),
    _of("es.dni", "national_id", "99999999A 99999999-A 99.999.999-A 99.999.999A 99999999.A 9999999A", ALWAYS),
    _of("es.nie", "national_id", "A9999999A A-9999999-A A9999999-A", ALWAYS),
    _of("es.cif", "tax_id", "A99999999 A-99999999 A9999999A A-9999999-A", ALWAYS),
    _of("fr.nir", "national_id", "999999999999999 9.99.99.99.999.999.99 9999999999999.99 99999A999999999", ALWAYS),
    _of("fr.nif", "tax_id", "9999999999999 99.99.999.999.999"),
    _of("fr.tva", "tax_id", "AA99999999999", ALWAYS),
    _of("de.idnr", "tax_id", "99999999999 99.999.999.999"),
    _of("de.vat", "tax_id", "AA999999999", ALWAYS),
    _of("de.stnr", "tax_id", "99/999/99999 999/9999/9999 999/999/99999"),
    _of("at.tin", "tax_id", "99-999/9999"),
    _of("at.uid", "tax_id", "AAA99999999", ALWAYS),
    _of("at.vnr", "national_id", "9999999999 9999.999999"),
    _of("ch.ssn", "national_id", "999.9999.9999.99 9999999999999", FORMATTED),
    _of("it.codicefiscale", "national_id", "AAAAAA99A99A999A", ALWAYS),
    _of("it.iva", "tax_id", "99999999999"),
    _of("pt.cc", "national_id", "999999999AA9 99999999.9.AA9", ALWAYS),
    _of("pt.nif", "tax_id", "999999999 999.999.999"),
    _of("nl.bsn", "national_id", "999999999 9999.99.999"),
    _of("nl.btw", "tax_id", "AA999999999A99", ALWAYS),
    _of("be.nn", "national_id", "99999999999 99.99.99-999.99", FORMATTED),
    _of("lu.tva", "tax_id", "AA99999999", ALWAYS),
    _of("se.personnummer", "national_id", "999999-9999 9999999999 99999999-9999 999999999999", FORMATTED),
    _of("no.fodselsnummer", "national_id", "99999999999 999999.99999", FORMATTED),
    _of("dk.cpr", "national_id", "999999-9999 9999999999", FORMATTED),
    _of("fi.hetu", "national_id", "999999-9999 999999-999A 999999A999A 999999A9999", ALWAYS),
    _of("is_.kennitala", "national_id", "999999-9999 9999999999"),
    _of("ee.ik", "national_id", "99999999999"),
    _of("lt.asmens", "national_id", "99999999999"),
    _of("lv.pvn", "national_id", "999999-99999 99999999999", FORMATTED),
    _of("pl.pesel", "national_id", "99999999999"),
    _of("pl.nip", "tax_id", "9999999999 999-999-99-99 999-99-99-999"),
    _of("cz.rc", "national_id", "999999/9999 999999/999 9999999999", FORMATTED),
    _of("sk.rc", "national_id", "999999/9999 999999/999 9999999999", FORMATTED),
    _of("hu.anum", "tax_id", "99999999-9-99"),
    _of("ro.cnp", "national_id", "9999999999999"),
    _of("bg.egn", "national_id", "9999999999"),
    _of("gr.amka", "national_id", "99999999999"),
    _of("gr.vat", "tax_id", "999999999"),
    _of("hr.oib", "national_id", "99999999999"),
    _of("si.emso", "national_id", "9999999999999"),
    _of("tr.tckimlik", "national_id", "99999999999"),
    _of("ua.rntrc", "tax_id", "9999999999"),
    _of("il.idnr", "national_id", "999999999 99999999-9"),
    _of("za.idnr", "national_id", "9999999999999 999999.9999.999", ALWAYS),
    _of("in_.aadhaar", "national_id", "9999.9999.9999 999999999999", FORMATTED),
    _of("in_.pan", "tax_id", "AAAAA9999A", ALWAYS),
    _of("pk.cnic", "national_id", "99999-9999999-9", FORMATTED),
    _of("cn.ric", "national_id", "999999999999999999 99999999999999999A", ALWAYS),
    _of("kr.rrn", "national_id", "999999-9999999", FORMATTED),
    _of("th.pin", "national_id", "9-9999-99999-99-9 9999999999999", FORMATTED),
    _of("my.nric", "national_id", "999999-99-9999", FORMATTED),
    _of("id.nik", "national_id", "9999999999999999"),
    _of("br.cpf", "national_id", "999.999.999-99 99999999999", FORMATTED),
    _of("br.cnpj", "tax_id", "99.999.999/9999-99", FORMATTED),
    _of("ar.cuit", "tax_id", "99-99999999-9 99999999999", FORMATTED),
    _of("ar.dni", "national_id", "99.999.999 99999999 9.999.999"),
    _of("cl.rut", "national_id", "99.999.999-9 99.999.999-A 9.999.999-9 9.999.999-A 99999999-9 99999999-A", FORMATTED),
    _of("co.nit", "tax_id", "999.999.999-9 999999999-9"),
    _of("mx.curp", "national_id", "AAAA999999AAAAAA99 AAAA999999AAAAAAA9", ALWAYS),
    _of("mx.rfc", "tax_id", "AAAA999999AAA AAAA999999AA9 AAAA999999A99 AAAA999999999 "
        "AAAA9999999A9 AAAA99999999A AAAA999999A9A", ALWAYS),
    _of("pe.cui", "national_id", "99999999 99999999-9 999999999"),
    _of("pe.ruc", "tax_id", "99999999999"),
    _of("ec.ci", "national_id", "9999999999 999999999-9"),
    _of("do.cedula", "national_id", "999-9999999-9", FORMATTED),
    _of("uy.rut", "tax_id", "999999999999"),
    _of("ve.rif", "tax_id", "A999999999 A-99999999-9 A-999999999", ALWAYS),
)  # fmt: skip

_SHAPE = bytes.maketrans(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ", b"9" * 10 + b"A" * 52 + b"."
)


def shape(number: bytes) -> str:
    """A number's shape: 9 for a digit, A for a letter; a space or dot is a dot."""
    return number.translate(_SHAPE).decode("latin-1")


@cache
def by_shape() -> dict[str, list[Identity]]:
    found: dict[str, list[Identity]] = {}
    for identity in IDENTITIES:
        for each in identity.shapes:
            found.setdefault(each, []).append(identity)
    return found


@cache
def valid(module: str) -> Callable[[str], bool]:
    country, _, name = module.partition(".")
    found = get_cc_module(country.rstrip("_"), name)
    if found is None:
        raise ModuleNotFoundError(f"python-stdnum has no {module}")
    return found.is_valid


GB_NINO = "AA999999A"
_NINO_NEVER = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def identity_of(number: bytes, *, labelled: bool) -> Identity | None:
    """The identity that a number is by its shape and checksum, a word beside it or not."""
    written = shape(number)
    if written.replace(".", "") == GB_NINO and b"." not in number and b"-" not in number:
        letters = number.decode("ascii").replace(" ", "").upper()
        if (
            letters[:2] not in _NINO_NEVER
            and letters[0] not in "DFIQUV"
            and letters[1] not in "DFIQUVO"
            and letters[-1] in "ABCD"
        ):
            return Identity("gb.nino", "national_id", (GB_NINO,), ALWAYS)
    for identity in by_shape().get(written, ()):
        separated = not written.isalnum()
        fits = labelled or identity.alone == ALWAYS or (identity.alone == FORMATTED and separated)
        if fits and valid(identity.module)(number.decode("ascii")):
            return identity
    return None
