"""What names of columns say in several languages: a table of words, and how names are taken apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from strongroom.core.contract import Type


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of column.

    Args:
        classification: what is proposed.
        words: parts of names that say it: one word, or several with a blank between that stand side by side.
        text, number, moment: how it leaves, by the type it has; `drop` where that is not said.
        ask: what a person should decide.
        entities: what the recognisers of texts call its values.
        label: the word that stands for the name before a value, for those recognisers.
        formed: nothing is one that has not the form; a column of which no value has it is none.
    """

    classification: str
    words: tuple[str, ...]
    text: Mapping[str, object]
    number: Mapping[str, object] = field(default_factory=lambda: {"method": "drop"})
    moment: Mapping[str, object] = field(default_factory=lambda: {"method": "drop"})
    ask: str = ""
    entities: tuple[str, ...] = ()
    label: str = ""
    formed: bool = False


DROP: Mapping[str, object] = {"method": "drop"}
_HASH: Mapping[str, object] = {"method": "hash"}
REDACT: Mapping[str, object] = {"method": "redact", "find": "all", "known": "all"}
_SEALED: Mapping[str, object] = {"method": "encrypt"}
_PERSON = {"method": "hash", "domain": "person"}


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


KINDS: Mapping[str, Kind] = {
    "secret": Kind(
        "restricted",
        _words(
            "password, passwort, passwd, pwd, kennwort, secret, api key, apikey, token, pin, contrasena, mot de passe"
        ),
        DROP,
        ask="Does anybody train on a secret?",
        entities=_words("secret"),
        label="password",
    ),
    "email": Kind(
        "personal",
        _words("email, e mail, mail, emailadresse, mailadresse, correo, courriel, posta elettronica"),
        {"method": "encrypt", "domain": "email"},
        ask="Encrypted, so that it can be opened with a right to; drop it where nobody needs that.",
        entities=_words("email"),
        formed=True,
    ),
    "iban": Kind(
        "confidential",
        _words(
            "iban, bic, swift, kontonummer, konto, bank account, account number, account no, rib, clabe, bankverbindung"
        ),
        _SEALED,
        _SEALED,
        ask="Whose accounts are these?",
        entities=_words("iban, bank_account"),
        label="account number",
        formed=True,
    ),
    "card": Kind(
        "confidential",
        _words(
            "credit card, karte, card number, card no, cardnumber, creditcard, kreditkarte, kartennummer, cc number, "
            "pan, tarjeta, carte bancaire, ccn"
        ),
        _SEALED,
        _SEALED,
        ask="Whose cards are these?",
        entities=_words("card"),
        label="card number",
        formed=True,
    ),
    "national id": Kind(
        "confidential",
        _words(
            "ssn, social security, nino, nif, dni, cpf, bsn, pesel, curp, steuer id, steuernummer, "
            "steueridentifikationsnummer, sozialversicherungsnummer, svnr, tax id, taxid, tin, personnummer, "
            "insee, nir, codice fiscale, passport, passport number, reisepass, pasaporte, passeport, ausweis, "
            "ausweisnummer, national id, nationalid, identity card, id card, driver license, drivers license, "
            "driving licence, fuhrerschein, fuehrerschein, license number, licence number, license no, licence no, "
            "tax number, tax no, vat id, vat number, steuer nr, aadhaar, medicare, nhs number, hetu, ahv, "
            "mrn, medical record, health record, nhc, historia clinica"
        ),
        _SEALED,
        _SEALED,
        ask="Whose numbers are these?",
        entities=_words("national_id, tax_id, passport, driving_licence, medical_record"),
        label="identity number",
        formed=True,
    ),
    "birth date": Kind(
        "personal",
        _words(
            "birth, birthday, bday, geb, birthdate, dob, geburt, geburtsdatum, geburtstag, geburtsjahr, geb datum, "
            "gebdatum, geboren, naissance, nacimiento, nascita, nascimento, geboorte, geboortedatum, fodsel, "
            "fodselsdato, syntymaaika, fecha nac"
        ),
        _SEALED,
        {"method": "generalise", "bands": {"width": 10, "min": 1900, "max": 2030}},
        {"method": "generalise", "date": "year"},
        ask="Is the year enough, and is it needed?",
        entities=_words("date_of_birth"),
        label="born",
    ),
    "age": Kind(
        "personal",
        _words("age, alter, edad, eta, idade, leeftijd, alder, lebensalter"),
        DROP,
        {"method": "generalise", "bands": {"width": 10, "min": 0, "max": 120}},
        ask="Are bands of ten years enough?",
        entities=_words("age"),
    ),
    "sensitive": Kind(
        "sensitive",
        _words(
            "sex, gender, geschlecht, sexo, genero, sexe, sesso, race, rasse, raza, ethnicity, ethnic, ethnie, "
            "ethnie, herkunft, native country, country of birth, religion, konfession, faith, nationality, "
            "nationalitat, staatsangehorigkeit, disability, behinderung, sexual, orientation, politics, "
            "political, marital, marital status, familienstand, civil status, estado civil, relationship, "
            "diagnosis, diagnose, icd, disease, krankheit, illness, medication, medikament, blutgruppe, "
            "blood, health, gesundheit, hiv, criminal, conviction, pregnant, pregnancy"
        ),
        DROP,
        ask="Needed, for example to measure whether a model treats all alike? Then keep it with a 'why'.",
        entities=_words("nationality, religion, politics, sex"),
    ),
    "free text": Kind(
        "personal",
        (),
        {"method": "encrypt", "mode": "randomised"},
        ask="Free text may name people. To train on it: redact, and the role text.",
    ),
    "person's id": Kind(
        "personal", (), _PERSON, _PERSON, ask="Equal values stay equal in all tables of the domain: is that meant?"
    ),
    "phone": Kind(
        "personal",
        _words(
            "phone, telephone, telefon, telefono, telefone, tel, telefonnummer, phonenumber, mobile, mobil, "
            "mobilnummer, movil, handy, handynummer, cell, cellphone, fax, gsm, msisdn, puhelin"
        ),
        {"method": "mask", "keepLast": 4},
        _HASH,
        ask="Are the last four signs needed?",
        entities=_words("phone"),
        label="phone",
        formed=True,
    ),
    "ip": Kind(
        "personal",
        _words("ip, ip address, ipaddress, ipv4, ipv6, client ip, remote addr, remote address"),
        _HASH,
        ask="Needed at all?",
        entities=_words("ip"),
        formed=True,
    ),
    "device": Kind(
        "personal",
        _words(
            "device id, deviceid, imei, imsi, mac address, cookie, session id, sessionid, advertising id, "
            "idfa, fingerprint, user agent, useragent, license plate, licence plate, kennzeichen, matricula, placa, vin"
        ),
        _HASH,
        _HASH,
        ask="Does it stand for one person?",
        entities=_words("mac, vehicle_plate"),
        label="number plate",
    ),
    "address": Kind(
        "personal",
        _words(
            "address, adresse, adress, addr, anschrift, street, strasse, str, hausnummer, house number, rue, "
            "calle, via, direccion, indirizzo, endereco, adres, straat"
        ),
        _SEALED,
        ask="Needed at all?",
        entities=_words("address"),
        label="address",
    ),
    "postcode": Kind(
        "personal",
        _words(
            "postcode, post code, postal code, postalcode, zip, zip code, zipcode, plz, postleitzahl, code "
            "postal, codigo postal, cap, cep, postnummer"
        ),
        {"method": "generalise", "prefix": 2},
        ask="Are the first two signs enough, and not too many?",
        entities=_words("address"),
        label="postcode",
    ),
    "place": Kind(
        "personal",
        _words(
            "city, town, ort, stadt, wohnort, ville, ciudad, citta, cidade, municipality, gemeinde, plaats, "
            "locality, localidad, lat, latitude, breitengrad, lon, lng, longitude, langengrad, coordinates, "
            "geo, geolocation, location, standort"
        ),
        _SEALED,
        ask="With other columns it may tell who somebody is: needed at all?",
        entities=_words("place, coordinates"),
        label="city",
    ),
    "money": Kind(
        "sensitive",
        _words(
            "income, einkommen, salary, gehalt, lohn, wage, wages, salaire, salario, net worth, balance, "
            "kontostand, credit score, debt, schulden"
        ),
        _SEALED,
        _SEALED,
        ask="Are bands enough? Then generalise.",
    ),
    "work": Kind(
        "personal",
        _words("occupation, beruf, job, job title, profession, employer, arbeitgeber, profesion"),
        _SEALED,
        ask="With other columns it may tell who somebody is: is a coarser group enough?",
    ),
    "username": Kind(
        "personal",
        _words("username, user name, benutzername, login, nickname, nick, handle, screen name, usuario, pseudo"),
        _SEALED,
        ask="Does it stand for one person?",
        entities=_words("username, profile"),
        label="username",
    ),
    "wallet": Kind(
        "confidential",
        _words("wallet, wallet address, btc address, eth address"),
        _SEALED,
        ask="Whose wallets are these?",
        entities=_words("wallet"),
    ),
    "person's name": Kind(
        "personal",
        _words(
            "name, first name, firstname, last name, lastname, surname, vorname, nachname, familienname, "
            "given name, givenname, family name, familyname, full name, fullname, middle name, maiden name, "
            "nom, prenom, nombre, apellido, apellidos, cognome, nome, sobrenome, voornaam, achternaam, "
            "fornavn, etternavn, efternamn, fornamn, patient name, customer name, kundenname, "
            "ansprechpartner, contact name, author, "
            "autor, person, patient, customer, kunde, employee, mitarbeiter, manager, owner, contact, "
            "signature, unterschrift"
        ),
        _SEALED,
        ask="Names of people? If not, say what they are.",
        entities=_words("person"),
        label="name",
    ),
}
"""Every sort of personal column; the first whose words a name has is taken."""

_PEOPLE = frozenset(
    _words(
        "user, customer, client, kunde, kunden, patient, patienten, person, personen, personal, member, mitglied, "
        "mitglieds, employee, mitarbeiter, account, subscriber, visitor, citizen, burger, student, passenger, "
        "driver, donor, cliente, usuario, utilisateur, adherent, applicant, guest, gast, buyer, seller, holder, "
        "subject, versicherten, klient, debitor"
    )
)
_DOERS = _PEOPLE | frozenset(
    _words(
        "by, par, por, door, owner, agent, operator, editor, author, autor, reviewer, approver, requester, assignee, "
        "clerk, cashier, verkaufer, bearbeiter, sachbearbeiter, ersteller"
    )
)
"""Words at the end of the name of what says who did, or has, something: `updated_by`, `order_owner`."""
_PASSIVE = re.compile(r"(?:ed|en|t)by$")
"""The same in one word: `createdby`."""
_NUMBERED = frozenset(
    _words("id, ids, nr, no, num, number, nummer, key, code, uuid, guid, ref, reference, numero, kennung")
)
_HARMLESS = frozenset(
    _words(
        "label, rating, score, stars, grade, rank, price, preis, prix, precio, prezzo, amount, betrag, montant, "
        "importe, total, sum, summe, quantity, qty, menge, anzahl, count, cnt, currency, wahrung, waehrung, "
        "devise, moneda, language, lang, sprache, langue, idioma, country, land, pays, pais, paese, status, "
        "state, zustand, estado, category, kategorie, categorie, categoria, type, typ, tipo, kind, class, klasse, "
        "version, unit, einheit, size, grosse, color, colour, farbe, couleur, product, produkt, produit, "
        "producto, article, artikel, brand, marke, sku, created, updated, modified, timestamp, date, datum, "
        "fecha, data, day, tag, month, monat, year, jahr, hour, stunde, time, zeit, uhrzeit, level, priority, "
        "channel, kanal, percent, prozent, ratio, rate, discount, rabatt, tax, vat, mwst, steuer, shipping, "
        "active, aktiv, enabled, flag, sentiment, target, split, fold, education, bildung, workclass, hours, "
        "stunden, week, woche, weight, gewicht, width, height, length, temperature, temperatur, voltage, speed, "
        "duration, dauer, distance, method, currency, item, items, order, bestell, gain, loss, tags, app, "
        "options, valid, success, result, ok, page, url"
    )
)
"""Parts of names of what is nobody's."""
NAMED_BY_PROGRAMS = frozenset(_words("created, updated, modified, timestamp, deleted, inserted, loaded"))
"""Of dates that programs write."""
TIMED = NAMED_BY_PROGRAMS | frozenset(_words("date, datum, fecha, time, zeit, at, ts"))
YEARS = frozenset(_words("year, jahr, annee, ano, anno"))
CODED = frozenset(
    _words(
        "country, land, pays, pais, paese, currency, wahrung, waehrung, devise, moneda, language, lang, sprache, "
        "langue, idioma"
    )
)
"""Of what is often said in two or three letters."""
_THINGS = frozenset(
    _words("order, item, items, product, produkt, produit, producto, article, artikel, sku, bestell, page, isbn")
)


def numbers_things(parts: tuple[str, ...], type_: Type) -> bool:
    """Whether a name is that of a number by which somebody knows a thing: `order_no`, or `order` where that is one."""
    thing = _THINGS & {*parts} and not (_HARMLESS - _THINGS) & {*parts}
    return bool(_NUMBERED & {*parts} or (thing and type_.name != "string"))


def parts_of(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters without accents: `geburtsDatum`, `Geburts-Datum` → geburts, datum."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return tuple(re.sub(r"\d+$", "", part) or part for part in re.split(r"[^a-z0-9]+", apart.lower()) if part)


def _says(parts: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether a name has one of the words: side by side, or a long one within a longer part."""
    line = f" {' '.join(parts)} "
    return any(f" {word} " in line or (len(word) > 6 and word.replace(" ", "") in "".join(parts)) for word in words)


def _person_id(parts: tuple[str, ...]) -> bool:
    joined = "".join(parts)
    stuck = any(joined.startswith(one) and joined[len(one) :] in _NUMBERED for one in _PEOPLE)
    return stuck or (bool(_PEOPLE & {*parts}) and bool(_NUMBERED & {*parts}))


def _doer(parts: tuple[str, ...]) -> bool:
    """Whether a name says who did something: `created_by`, `order_owner_name`, `erstellt_von`."""
    *before, last = ("", *(part for part in parts if part not in _NUMBERED and part != "name"))
    return bool(
        (len(before) > 1 and (last in _DOERS or (last == "von" and before[-1].endswith(("t", "en")))))
        or _PASSIVE.search(last)
    )


def kind_of(parts: tuple[str, ...]) -> str:
    if _person_id(parts) and not _says(parts, KINDS["iban"].words):
        return "person's id"
    for kind, sort in KINDS.items():
        if kind == "person's name" and parts != ("name",) and _says(parts, ("name",)) and _HARMLESS & {*parts}:
            continue  # product_name
        if _says(parts, sort.words if kind != "person's name" or parts == ("name",) else sort.words[1:]):
            return kind
    if _doer(parts):
        return "person's name"
    return "harmless" if _HARMLESS & {*parts} else ""


@lru_cache(maxsize=4096)
def label_of(name: str) -> str:
    """The word that says before a value what the name of its column says; empty where it says nothing."""
    kind = kind_of(parts_of(name))
    return KINDS[kind].label if kind in KINDS else ""


def is_known(name: str) -> bool:
    """Whether a name says what its column is."""
    return bool(kind_of(parts_of(name)))
