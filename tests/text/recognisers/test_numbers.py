"""Cards, accounts, phones, identities: by checksum, by the word beside them, and what stays."""

import pytest

from strongroom.text.recognisers.identities import IDENTITIES, identity_of
from support.finding import found, of

POSITIVE = [
    ("card", "my card 4532 0151 1283 0366 please", "4532 0151 1283 0366", "sixteen digits in fours"),
    ("card", "paid with 5555555555554444", "5555555555554444", "an issuer's usual length needs no word"),
    ("card", "amex 3782-822463-10005", "3782-822463-10005", "fifteen digits"),
    ("card", "card 2223003122003222", "2223003122003222", "Mastercard's 2-series"),
    ("card", "credit card 30569309025904", "30569309025904", "fourteen digits beside a word"),
    ("card", "tarjeta 6304000000000000", "6304000000000000", "Maestro beside a word"),
    ("card", "my card 3521213764418045", "3521213764418045", "of no issuer, beside the word"),
    ("card", "card no. 4000000000000000006", "4000000000000000006", "nineteen digits"),
    ("iban", "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32", "as it is printed"),
    ("iban", "to es9121000418450200051332.", "es9121000418450200051332", "in small letters, before a full stop"),
    ("iban", "IBAN DE89370400440532013000 and more", "DE89370400440532013000", "ends where its country says"),
    ("bank_account", "routing number 021000021", "021000021", "a checksum of the USA"),
    ("bank_account", "account number: 12345678", "12345678", "a word beside it"),
    ("bank_account", "CCC 2100 0418 45 0200051332", "2100 0418 45 0200051332", "a checksum of Spain"),
    ("phone", "+44 20 7946 0958", "+44 20 7946 0958", "international"),
    ("phone", "Tel: 0490 39 07 81", "0490 39 07 81", "a word beside it"),
    ("phone", "call (415) 555-2671 now", "(415) 555-2671", "with its brackets"),
    ("phone", "es el 655 437 108 .", "655 437 108", "the form of a country"),
    ("phone", "345-899-3560x4587", "345-899-3560x4587", "with an extension"),
    ("phone", "DNI 12345678Z, rang 655 437 108", "655 437 108", "the word belongs to the number before"),
    ("phone", "+81 3-1234-5678", "+81 3-1234-5678", "any country"),
    ("national_id", "856-45-6789", "856-45-6789", "the form of the USA"),
    ("national_id", "DNI 12345678Z", "12345678Z", "the letter is a checksum"),
    ("national_id", "x2482300w", "x2482300w", "NIE of foreigners, in small letters"),
    ("national_id", "AB 12 34 56 C", "AB 12 34 56 C", "United Kingdom"),
    ("national_id", "codice RCCMNL83S18D969H", "RCCMNL83S18D969H", "Italy"),
    ("national_id", "295109912611193", "295109912611193", "France"),
    ("national_id", "131052-308T", "131052-308T", "Finland"),
    ("national_id", "PESEL 44051401359", "44051401359", "Poland, with its word"),
    ("national_id", "390.533.447-05", "390.533.447-05", "Brazil, in its form"),
    ("national_id", "756.9217.0769.85", "756.9217.0769.85", "Switzerland"),
    ("tax_id", "GODE561231GR8", "GODE561231GR8", "Mexico"),
    ("tax_id", "B64717838", "B64717838", "a Spanish company"),
    ("tax_id", "VAT DE136695976", "DE136695976", "Germany"),
]  # fmt: skip

HARD_NEGATIVE = [
    ("created at 1700000000000", "epoch milliseconds"),
    ("ts=1609459200123456", "epoch microseconds"),
    ("order number 4111111111111111 shipped", "a Luhn-valid order"),
    ("tracking number 5555555555554444", "a Luhn-valid parcel"),
    ("1234567812345670", "Luhn-valid, of no issuer"),
    ("part no. 123-45-6789", "a part number in the form of an identity"),
    ("ISBN 978-0-306-40615-7", "a book"),
    ("ISBN 0-306-40615-2", "a book of before 2007"),
    ("version 10.15.7.1", "a version"),
    ("550e8400-e29b-41d4-a716-446655440000", "a UUID"),
    ("d41d8cd98f00b204e9800998ecf8427e", "a hash"),
    ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "a hash"),
    ("IMEI 490154203237518", "a device, Luhn-valid"),
    ("price 1.234.567,89 or 12,345,678.90", "amounts"),
    ("0.1234567890123456", "a fraction"),
    ("GB82 WEST 1234 5698 7654 33", "an IBAN that does not check"),
    ("12345678A", "a DNI that does not check"),
    ("000-12-3456", "no identity of the USA starts with 000"),
    ("SKU 12345678Z", "an article in the form of a DNI"),
    ("serial number B64717838", "a serial number in the form of a CIF"),
    ("QQ 12 34 56 C", "no number of the United Kingdom starts with QQ"),
    ("ratio 10/20/30/40", "no date, no phone"),
    ("10.1000/182", "a DOI"),
]


@pytest.mark.parametrize(("entity", "text", "letters", "why"), POSITIVE)
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity), why


@pytest.mark.parametrize(("text", "why"), HARD_NEGATIVE)
def test_stays(text, why):
    assert found(text) == [], why


def test_identities_of_at_least_25_countries():
    assert len({each.module.split(".")[0] for each in IDENTITIES}) >= 25


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda each: each.module)
def test_every_identity_has_its_checksum(identity):
    from strongroom.text.recognisers.identities import valid

    assert not valid(identity.module)("x")


def test_digits_alone_need_a_word_beside_them():
    assert identity_of(b"44051401359", labelled=False) is None
    assert identity_of(b"44051401359", labelled=True).module == "pl.pesel"
