"""Two hundred columns as tables have them, and what each holds: made here, by no rule that the recognisers share.

A column has a name, which may be odd, foreign or wrong, and values with gaps among them. What it holds is said beside
its maker: labels of `LABELS`, none for what is nobody's, and `text` for sentences that name people. Numbers get their
check digits by code of this file. A column is looked at or held out by the hash of its name.
"""

# ruff: noqa: E501 - a column is one line
from __future__ import annotations

import hashlib
import json
import random
import string
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from strongroom.quality.profile.meaning import Meaning, meaning_of
from strongroom.quality.profile.names import label_of
from strongroom.quality.profile.shape import shape_of_text
from strongroom.quality.profile.text_tally import tally_text

ROWS = 400
LABELS = ("person", "username", "email", "phone", "card", "account", "national_id", "date_of_birth", "age", "sensitive",
          "address", "place", "ip", "device", "secret", "wallet", "person_id", "text")  # fmt: skip
FIRST = {
    "en": ["Imogen", "Rupert", "Beatrix", "Callum", "Harriet", "Jasper", "Philippa", "Desmond", "Gwendolyn", "Tristan", "Mildred", "Barnaby", "Odette", "Clive", "Rosalind", "Percival"],
    "de": ["Annegret", "Hartmut", "Gudrun", "Detlef", "Roswitha", "Eberhard", "Sieglinde", "Lothar", "Friederike", "Burkhard", "Hannelore", "Torsten", "Walburga", "Ottokar"],
    "es": ["Leocadia", "Fermín", "Consuelo", "Íñigo", "Macarena", "Evaristo", "Rocío", "Baltasar", "Nuria", "Gonzalo", "Remedios", "Anselmo", "Pilar", "Casimiro"],
    "fr": ["Aurélie", "Bastien", "Capucine", "Théophile", "Solène", "Gaspard", "Mathilde", "Yannick", "Océane", "Fabrice", "Clémence", "Thibault"],
    "it": ["Ginevra", "Ruggero", "Fiammetta", "Loredana", "Massimo", "Gianluca", "Ornella", "Tiziano", "Beatrice", "Raffaele"],
    "pl": ["Zbigniew", "Małgorzata", "Kazimierz", "Bożena", "Sławomir", "Grażyna", "Mieczysław", "Wioletta"],
    "tr": ["Mehmet", "Ayşe", "Emre", "Zeynep", "Oğuz", "Elif", "Hüseyin", "Gülay"],
    "in": ["Priya", "Rajesh", "Ananya", "Vikram", "Deepika", "Suresh", "Kavita", "Arjun"],
}  # fmt: skip
LAST = {
    "en": ["Thistlewood", "Ashcombe", "Pemberton", "Redfern", "Hargreaves", "Whitlock", "Fairweather", "Blackwood", "Cartwright", "Ellsworth", "Kingsley", "Montgomery"],
    "de": ["Grünwald", "Hollenbach", "Steinbrecher", "Ostermann", "Rosenthal", "Kirchhoff", "Hagedorn", "Lindenberg", "Petersen", "Schröder", "Brandt", "Vogel"],
    "es": ["Villaseñor", "Zubizarreta", "Castellanos", "Quintanilla", "Echevarría", "Montalbán", "Carrasco", "Benavides", "Ordóñez", "Figueroa"],
    "fr": ["Duvernay", "Pellegrin", "Beaumont", "Lacroix", "Montfort", "Chevalier", "Delacroix", "Fontaine", "Marchand", "Rousseau"],
    "it": ["Marchetti", "Bellincioni", "Santoro", "Pellegrini", "Vitale", "Caruso", "Lombardi", "Moretti"],
    "pl": ["Mazurek", "Wiśniewski", "Kowalczyk", "Zieliński", "Szymański", "Wójcik", "Dąbrowski"],
    "tr": ["Yılmaz", "Demir", "Öztürk", "Kılıç", "Aydın", "Şahin"],
    "in": ["Krishnamurthy", "Banerjee", "Chatterjee", "Iyer", "Deshpande", "Malhotra"],
}  # fmt: skip
CITIES = [
    "Bristol",
    "Zaragoza",
    "Leipzig",
    "Grenoble",
    "Hamburg",
    "Valladolid",
    "Lyon",
    "Portland",
    "Granada",
    "Bremen",
    "Nantes",
    "Torino",
    "Kraków",
    "Ankara",
    "Chennai",
    "Rotterdam",
    "Uppsala",
    "Salzburg",
]
STREETS = [
    "{n} {w} Street",
    "{n} {w} Avenue",
    "Flat 3, {n} {w} Road",
    "Calle {w} {n}",
    "{w}straße {n}",
    "{n} rue {w}",
    "Via {w} {n}",
    "{w}weg {n}",
]
WORDS = [
    "battery",
    "screen",
    "charger",
    "delivery",
    "box",
    "cable",
    "sound",
    "quality",
    "price",
    "fast",
    "slow",
    "heavy",
    "light",
    "works",
    "broke",
    "returned",
    "refund",
    "great",
    "poor",
    "nice",
    "cheap",
    "solid",
    "thin",
    "loud",
    "quiet",
    "arrived",
    "late",
    "early",
    "damaged",
    "packaging",
    "colour",
    "size",
    "fits",
    "recommend",
    "bought",
    "used",
    "twice",
    "weeks",
    "months",
    "again",
    "never",
    "always",
    "really",
    "quite",
    "very",
]
SENTENCES = [
    "The {w} arrived {w2} and the packaging was damaged.", "I have used it for two weeks and the {w} still works.",
    "Great {w}, would buy it again at this price.", "The {w} broke after three months, so I returned it.",
    "It is {w2} and the sound quality is poor.", "Delivery was quick but the cable does not fit my old charger.",
    "Works as described, nothing to complain about so far.", "Too {w2} for my taste, but the screen is really good.",
]  # fmt: skip
SAETZE = ["Die Lieferung kam schnell und das Gerät funktioniert einwandfrei.", "Leider ist der Akku nach zwei Wochen kaputt gegangen, sehr schade.",
          "Gute Verarbeitung, der Klang ist in Ordnung, der Preis auch.", "Das Kabel ist zu kurz und der Stecker passt nicht richtig."]  # fmt: skip
FRASES = ["El producto llegó tarde y la caja estaba rota por un lado.", "Muy buena calidad, lo recomiendo a todo el mundo sin dudar.",
          "La batería dura poco y el sonido no es tan bueno como dicen.", "Funciona bien, aunque el cable es demasiado corto para mi mesa."]  # fmt: skip
TICKETS = ["{p} called about the invoice and wants a refund this week.", "Spoke with {p}, who will send the documents tomorrow.",
           "Customer is angry, {p} promised to call back before Friday.", "Please forward this to {p} in the billing team today.",
           "Delivery refused at the door, neighbour {p} took the parcel.", "{p} reported that the router restarts every night."]  # fmt: skip
NOTES = ["El paciente {p} acude a consulta por dolor de espalda desde hace días.", "Se habla con {p} por teléfono y confirma la cita del lunes.",
         "La señora {p} firmó el contrato en nuestra oficina ayer por la tarde."]  # fmt: skip
BRIEFE = ["Herr {l} bittet um Rückruf wegen der offenen Rechnung vom letzten Monat.", "Frau {l} hat heute angerufen und den Termin für morgen abgesagt.",
          "Mit freundlichen Grüßen {p} aus der Abteilung für Kundendienst und Technik."]  # fmt: skip
LETTRES = ["Madame {l} a téléphoné hier au sujet de sa commande en retard.", "Monsieur {l} souhaite être remboursé avant la fin du mois prochain."]  # fmt: skip
PRODUCTS = ["wireless mouse", "steel kettle 1.7 l", "office chair black", "usb-c cable 2 m", "garden hose", "led bulb e27", "running shoes", "coffee grinder", "phone case", "desk lamp", "yoga mat", "rain jacket"]  # fmt: skip
FIRMS = ["{l} Ltd", "{l} & Sons", "{l} GmbH", "{l} Holdings", "{l} S.L.", "{l} Logistics Inc", "{l} Group"]


OF_KIND = {"person's name": "person", "iban": "account", "national id": "national_id", "birth date": "date_of_birth",
           "postcode": "address", "person's id": "person_id"}  # fmt: skip
OF_ENTITY = {"iban": "account", "bank_account": "account", "mac": "device", "vehicle_plate": "device", "profile": "username",
             "coordinates": "place",
             **dict.fromkeys(("tax_id", "passport", "driving_licence", "medical_record"), "national_id"),
             **dict.fromkeys(("nationality", "religion", "politics", "sex"), "sensitive")}  # fmt: skip


def labels_of(meaning: Meaning) -> set[str]:
    """What `profile` takes a column for, in the words of this file."""
    found = {OF_KIND.get(meaning.kind, meaning.kind), *(OF_ENTITY.get(each, each) for each in meaning.entities)}
    if meaning.protect["method"] == "redact":
        found.add("text")
    else:
        found.discard("text")
    return found & {*LABELS}


@dataclass
class Scores:
    """How often each label was right, said where it is not, and not said where it is; and which columns that were."""

    columns: int = 0
    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        right = self.right.total()
        return 2 * right / (2 * right + self.false.total() + self.missed.total())

    @property
    def macro(self) -> float:
        each = self.by_label().values()
        return sum(each) / len(each)

    def by_label(self) -> dict[str, float]:
        """F1 of each label that is anywhere, said or true."""
        return {
            label: 2 * self.right[label] / (2 * self.right[label] + self.false[label] + self.missed[label])
            for label in sorted({*self.right, *self.false, *self.missed})
        }


def scores(some: Iterable[Made]) -> Scores:
    """What `profile` takes columns for, against what they are."""
    found = Scores()
    for column in some:
        tally = tally_text(pa.array(column.values, pa.string()), label=label_of(column.name))
        type_ = shape_of_text(tally).type
        said = labels_of(meaning_of(column.name, type_, tally, birth_before=2016))
        found.columns += 1
        found.right.update(said & column.truth)
        found.false.update(said - column.truth)
        found.missed.update(column.truth - said)
        if said != column.truth:
            found.wrong.append(column.name)
    return found


class Make:
    """Values drawn from one source of chance."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def n(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def digits(self, count: int) -> str:
        return "".join(self.random.choice(string.digits) for _ in range(count))

    def hex(self, count: int) -> str:
        return "".join(self.random.choice("0123456789abcdef") for _ in range(count))

    def letters(self, count: int) -> str:
        return "".join(self.random.choice(string.ascii_uppercase) for _ in range(count))

    # people

    def first(self, *tongues: str) -> str:
        return self.one(*FIRST[self.one(*(tongues or FIRST))])

    def last(self, *tongues: str) -> str:
        return self.one(*LAST[self.one(*(tongues or LAST))])

    def person(self, *tongues: str) -> str:
        tongue = self.one(*(tongues or FIRST))
        return f"{self.first(tongue)} {self.last(tongue)}"

    def turned(self, *tongues: str) -> str:
        first, _, last = self.person(*tongues).partition(" ")
        return f"{last}, {first}"

    def plain(self, *tongues: str) -> str:
        return self.last(*(tongues or ("en",))).lower()

    def email(self) -> str:
        host = self.one("mail", "post", "box", "corp")
        return f"{self.plain()}{self.one('.', '_', '')}{self.one('a', 'jo', 'max', 'team')}{self.n(1, 99)}@{host}.example.{self.one('com', 'org', 'de')}"

    def handle(self) -> str:
        return f"{self.plain()}{self.one('_', '.', '')}{self.n(10, 9999)}"

    def phone(self, country: str = "") -> str:
        return {
            "gb": lambda: f"+44 20 79{self.digits(2)} {self.digits(4)}", "de": lambda: f"+49 {self.one('30', '89', '171')} {self.n(2, 9)}{self.digits(6)}",
            "es": lambda: f"6{self.digits(2)} {self.digits(3)} {self.digits(3)}", "us": lambda: f"({self.one('212', '415', '617')}) 555-{self.digits(4)}",
            "plain": lambda: f"0{self.one('171', '160', '30')}{self.n(2, 9)}{self.digits(6)}", "dot": lambda: f"{self.one('212', '415')}.555.{self.digits(4)}",
            "00": lambda: f"0049171{self.n(2, 9)}{self.digits(6)}",
        }[country or self.one("gb", "de", "es", "us")]()  # fmt: skip

    def birth(self, form: str = "%Y-%m-%d") -> str:
        return (date(1940, 1, 1) + timedelta(self.n(0, 24_000))).strftime(form)

    def late(self, form: str = "%Y-%m-%d") -> str:
        return (date(2021, 1, 1) + timedelta(self.n(0, 1_500))).strftime(form)

    def street(self) -> str:
        return self.one(*STREETS).format(n=self.n(1, 240), w=self.last("en", "de", "es", "fr"))

    def address(self) -> str:
        return self.one(
            f"{self.n(1, 240)} {self.last('en')} Street, London SW{self.n(1, 9)}A {self.n(1, 9)}AA", f"{self.last('de')}straße {self.n(1, 99)}, {self.digits(5)} Hamburg",
            f"Calle {self.last('es')} {self.n(1, 99)}, 28{self.digits(3)} Madrid", f"{self.n(1, 99)} rue {self.last('fr')}, 75{self.digits(3)} Paris",
        )  # fmt: skip

    # numbers with check digits

    def luhn(self, start: str, length: int) -> str:
        body = start + self.digits(length - len(start) - 1)
        total = 0
        for place, digit in enumerate(reversed(body)):
            double = int(digit) * (2 - place % 2)
            total += double - 9 if double > 9 else double
        return body + str(-total % 10)

    def card(self) -> str:
        return self.luhn(*self.random.choice([("4", 16), ("55", 16), ("37", 15), ("6011", 16), ("51", 16)]))

    def spaced(self, text: str, step: int = 4, by: str = " ") -> str:
        return by.join(text[at : at + step] for at in range(0, len(text), step))

    def iban(self) -> str:
        country, length = self.random.choice([("DE", 18), ("ES", 20), ("AT", 16)])
        body = self.digits(length)
        return f"{country}{98 - int(body + ''.join(str(ord(each) - 55) for each in country) + '00') % 97:02d}{body}"

    def dni(self) -> str:
        number = self.digits(8)
        return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]

    def weighted(self, length: int, weights: tuple[int, ...], modulus: int, last: Callable[[int], int]) -> str:
        while True:
            body = str(self.n(1, 9)) + self.digits(length - 2)
            check = last(sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % modulus)
            if 0 <= check <= 9:
                return body + str(check)

    def bsn(self) -> str:
        return self.weighted(9, (9, 8, 7, 6, 5, 4, 3, 2), 11, lambda rest: rest)

    def pesel(self) -> str:
        body = self.birth("%y%m%d") + self.digits(4)
        return body + str(-sum(int(d) * w for d, w in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True)) % 10)

    def cpf(self) -> str:
        body = [self.n(0, 9) for _ in range(9)]
        for _ in range(2):
            body.append(sum(d * (len(body) + 1 - at) for at, d in enumerate(body)) * 10 % 11 % 10)
        text = "".join(map(str, body))
        return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"

    def nir(self) -> str:
        body = f"{self.n(1, 2)}{self.n(40, 99)}{self.n(1, 12):02d}{self.n(1, 95):02d}{self.n(1, 900):03d}{self.n(1, 999):03d}"
        return f"{body}{97 - int(body) % 97:02d}"

    def german_tax(self) -> str:
        while True:
            digits = [int(each) for each in self.random.sample(string.digits, 9)]
            digits.append(digits[0] if self.random.random() < 0.5 else digits[1])
            self.random.shuffle(digits)
            counts = sorted(digits.count(each) for each in set(digits))
            if digits[0] == 0 or counts[-1] != 2:
                continue
            product = 10
            for digit in digits:
                product = ((digit + product) % 10 or 10) * 2 % 11
            return "".join(map(str, digits)) + str((11 - product) % 10)

    def ssn(self) -> str:
        return f"{self.n(1, 665):03d}-{self.n(1, 99):02d}-{self.n(1, 9999):04d}"

    def nino(self) -> str:
        return f"{self.one('AB', 'CE', 'JK', 'PR')}{self.digits(6)}{self.one('A', 'B', 'C', 'D')}"

    def personnummer(self) -> str:
        body = self.birth("%y%m%d") + self.digits(3)
        total = sum(sum(map(int, str(int(d) * (2 - at % 2)))) for at, d in enumerate(body))
        return f"{body[:6]}-{body[6:]}{-total % 10}"

    def nhs(self) -> str:
        return self.weighted(10, (10, 9, 8, 7, 6, 5, 4, 3, 2), 11, lambda rest: (11 - rest) % 11)

    def ean(self) -> str:
        body = "40" + self.digits(10)
        return body + str(-sum(int(d) * (1 + 2 * (at % 2)) for at, d in enumerate(body)) % 10)

    def isbn(self) -> str:
        body = "978" + self.digits(9)
        return body + str(-sum(int(d) * (1 + 2 * (at % 2)) for at, d in enumerate(body)) % 10)

    # texts

    def text(self) -> str:
        return " ".join(
            self.one(*SENTENCES).format(w=self.one(*WORDS[:9]), w2=self.one(*WORDS[10:16])) for _ in range(self.n(1, 4))
        )

    def of(self, forms: list[str], often: float = 1.0) -> str:
        if self.random.random() > often:
            return self.text()
        before = self.text() if self.random.random() < 0.4 else ""
        return f"{before} {self.one(*forms).format(p=self.person('en', 'de', 'es', 'fr'), l=self.last('de', 'fr'))}".strip()


@dataclass(frozen=True, slots=True)
class Made:
    """A column.

    Args:
        name: of it.
        values: with gaps.
        truth: labels of what it holds.
    """

    name: str
    values: tuple[str | None, ...]
    truth: frozenset[str]

    @property
    def held_out(self) -> bool:
        return bool(hashlib.sha256(self.name.encode()).digest()[0] & 1)


def _rows(make: Make, maker: Callable[[Make], str]) -> Iterator[str]:
    for _ in range(ROWS):
        yield maker(make)


def columns() -> list[Made]:
    """All of them; the same at each call."""
    made = []
    for name, truth, gaps, maker in COLUMNS:
        make = Make(name)
        values = tuple(None if make.random.random() < gaps else value for value in _rows(make, maker))
        made.append(Made(name, values, frozenset(truth.split())))
    assert len({one.name for one in made}) == len(made)
    return made


M = Make
COLUMNS: list[tuple[str, str, float, Callable[[Make], str]]] = [
    # persons, by any name
    ("name", "person", 0.1, lambda m: m.person("en")),
    ("Vor- und Nachname", "person", 0.2, lambda m: m.person("de")),
    ("nombre_completo", "person", 0.05, lambda m: m.person("es")),
    ("Feld_12", "person", 0.3, lambda m: m.person("de", "en")),
    ("x1", "person", 0.0, lambda m: m.turned("en", "es")),
    ("c_04", "person", 0.5, lambda m: m.person("it", "fr")),
    ("col", "person", 0.0, lambda m: m.person("en").upper()),
    ("sachbearbeiter", "person", 0.1, lambda m: f"{m.one('Herr', 'Frau')} {m.last('de')}"),
    ("approved_by", "person", 0.6, lambda m: m.person("en", "in")),
    ("first", "person", 0.0, lambda m: m.first("en")),
    ("prenom", "person", 0.1, lambda m: m.first("fr")),
    ("Nachname", "person", 0.0, lambda m: m.last("de")),
    ("apellidos", "person", 0.02, lambda m: f"{m.last('es')} {m.last('es')}"),
    ("surname", "person", 0.2, lambda m: m.last()),
    ("kunde", "person", 0.0, lambda m: m.turned("de")),
    ("status_text", "person", 0.0, lambda m: m.person("en")),
    ("category_2", "person", 0.1, lambda m: m.person("es", "fr")),
    ("patient", "person", 0.0, lambda m: f"{m.last('es').upper()}, {m.first('es').upper()}"),
    ("isim", "person", 0.0, lambda m: m.person("tr")),
    ("imie_nazwisko", "person", 0.1, lambda m: m.person("pl")),
    ("who", "person", 0.4, lambda m: f"{m.one('Dr.', 'Prof.', 'Mrs', 'Mr')} {m.person('en')}"),
    ("signature_line", "person", 0.0, lambda m: f"{m.first('en')[0]}. {m.last('en')}"),
    ("passenger_nm", "person", 0.0, lambda m: m.turned("fr").upper()),
    # e-mail addresses
    ("email", "email", 0.1, lambda m: m.email()),
    ("E-Mail-Adresse", "email", 0.0, lambda m: m.email()),
    ("username_or_mail", "email", 0.2, lambda m: m.email()),
    ("f3", "email", 0.7, lambda m: m.email().upper()),
    ("status_code", "email", 0.0, lambda m: m.email()),
    ("contact", "email", 0.0, lambda m: m.email() if m.random.random() < 0.9 else "none given"),
    ("to_address", "email", 0.0, lambda m: f"<{m.email()}>"),
    ("cc_list", "email", 0.3, lambda m: f"{m.email()}; {m.email()}"),
    # mixed cells
    ("from_header", "person email", 0.0, lambda m: f"{m.person('en')} <{m.email()}>"),
    ("absender", "person email", 0.1, lambda m: f'"{m.turned("de")}" <{m.email()}>'),
    ("contact_line", "person phone", 0.0, lambda m: f"{m.person('en', 'es')}, {m.phone('gb')}"),
    ("Ansprechpartner/Tel.", "person phone", 0.2, lambda m: f"{m.person('de')} ({m.phone('de')})"),
    ("destinatario", "person address", 0.0, lambda m: f"{m.person('es')}, Calle {m.last('es')} {m.n(1, 90)}, 28{m.digits(3)} Madrid"),
    ("kontakt", "email phone", 0.0, lambda m: f"{m.email()} / {m.phone('de')}"),
    ("either", "email phone", 0.0, lambda m: f"tel {m.phone('gb')} mail {m.email()}"),
    ("payload", "person email", 0.0, lambda m: json.dumps({"name": m.person("en"), "email": m.email(), "plan": m.one("free", "pro")})),
    ("raw_json", "email ip", 0.1, lambda m: json.dumps({"user": {"email": m.email()}, "ip": ".".join(str(m.n(11, 223)) for _ in range(4))})),
    ("event", "", 0.0, lambda m: json.dumps({"type": m.one("view", "click"), "x": m.n(0, 999), "ok": m.one("true", "false")})),
    ("settings", "", 0.2, lambda m: json.dumps({"theme": m.one("dark", "light"), "size": m.n(8, 20), "beta": True})),
    # telephones
    ("phone", "phone", 0.1, lambda m: m.phone()),
    ("Telefonnummer", "phone", 0.0, lambda m: m.phone("de")),
    ("mobile_no", "phone", 0.3, lambda m: m.phone("plain")),
    ("fld7", "phone", 0.0, lambda m: m.phone("gb")),
    ("attr_b", "phone", 0.2, lambda m: m.phone("us")),
    ("msisdn", "phone", 0.0, lambda m: f"49171{m.n(2, 9)}{m.digits(6)}"),
    ("cell", "phone", 0.4, lambda m: m.phone("dot")),
    ("extra", "phone", 0.0, lambda m: m.phone("de").replace(" ", "")),
    ("rufnummer", "phone", 0.0, lambda m: m.phone("de").replace(" ", "-")),
    # cards and accounts
    ("card_number", "card", 0.0, lambda m: m.card()),
    ("Kreditkarte", "card", 0.1, lambda m: m.spaced(m.luhn("4", 16))),
    ("tok", "card", 0.0, lambda m: m.spaced(m.luhn("55", 16), by="-")),
    ("product_ref", "card", 0.0, lambda m: m.luhn("4", 16)),
    ("IBAN", "account", 0.0, lambda m: m.iban()),
    ("acc", "account", 0.0, lambda m: m.iban()),
    ("z9", "account", 0.5, lambda m: m.spaced(m.iban())),
    ("account_number", "account", 0.0, lambda m: m.digits(10)),
    ("kontonummer", "account", 0.1, lambda m: str(m.n(1, 9)) + m.digits(m.n(6, 9))),
    # numbers of states
    ("ssn", "national_id", 0.0, lambda m: m.ssn()),
    ("tin_last", "national_id", 0.1, lambda m: m.ssn()),
    ("documento", "national_id", 0.1, lambda m: m.dni()),
    ("var_3", "national_id", 0.0, lambda m: m.dni().lower()),
    ("burgernummer", "national_id", 0.2, lambda m: m.bsn()),
    ("nr_ewid", "national_id", 0.0, lambda m: m.pesel()),
    ("doc_fiscal", "national_id", 0.3, lambda m: m.cpf()),
    ("steuer_id", "national_id", 0.0, lambda m: m.german_tax()),
    ("st_ident", "national_id", 0.1, lambda m: m.german_tax()),
    ("nino", "national_id", 0.0, lambda m: m.nino()),
    ("ni", "national_id", 0.2, lambda m: m.spaced(m.nino(), 2)),
    ("personnummer", "national_id", 0.0, lambda m: m.personnummer()),
    ("nhs_number", "national_id", 0.0, lambda m: m.nhs()),
    ("health_no", "national_id", 0.0, lambda m: m.nhs()),
    ("passport", "national_id", 0.3, lambda m: m.letters(1) + m.digits(8)),
    ("reisepass_nr", "national_id", 0.5, lambda m: "C" + m.letters(1) + m.digits(7)),
    ("drivers_license", "national_id", 0.1, lambda m: m.letters(1) + m.digits(7)),
    ("mrn", "national_id", 0.0, lambda m: m.digits(7)),
    # births and other days
    ("date_of_birth", "date_of_birth", 0.0, lambda m: m.birth()),
    ("geburtstag", "date_of_birth", 0.1, lambda m: m.birth("%d.%m.%Y")),
    ("dob", "date_of_birth", 0.2, lambda m: m.birth("%m/%d/%Y")),
    ("d1", "date_of_birth", 0.0, lambda m: m.birth()),
    ("bday", "date_of_birth", 0.3, lambda m: m.birth("%d.%m.%Y")),
    ("naissance", "date_of_birth", 0.0, lambda m: m.birth("%d %B %Y")),
    ("order_date", "", 0.0, lambda m: m.late()),
    ("d2", "", 0.1, lambda m: m.late("%d.%m.%Y")),
    ("created_at", "", 0.0, lambda m: m.late("%Y-%m-%dT10:00:00Z")),
    ("lieferdatum", "", 0.2, lambda m: m.late()),
    ("expires", "", 0.0, lambda m: m.late("%m/%Y")),
    ("age", "age", 0.1, lambda m: str(m.n(18, 95))),
    ("edad", "age", 0.4, lambda m: str(m.n(18, 90))),
    # what is said of persons
    ("sex", "sensitive", 0.0, lambda m: m.one("male", "female")),
    ("geschlecht", "sensitive", 0.1, lambda m: m.one("männlich", "weiblich")),
    ("v17", "sensitive", 0.0, lambda m: m.one("male", "female")),
    ("flag_g", "sensitive", 0.2, lambda m: m.one("hombre", "mujer")),
    ("religion", "sensitive", 0.3, lambda m: m.one("Catholic", "Muslim", "Jewish", "Buddhist")),
    ("group_name", "sensitive", 0.0, lambda m: m.one("Catholic", "Muslim", "Jewish", "Hindu", "Protestant")),
    ("nationality", "sensitive", 0.0, lambda m: m.one("Turkish", "Peruvian", "Swedish", "Nigerian")),
    ("nat", "sensitive", 0.1, lambda m: m.one("Turkish", "Peruvian", "Swedish", "Nigerian", "Austrian")),
    ("diagnose", "sensitive", 0.0, lambda m: m.one("J45.0", "E11.9", "I10", "F32.1")),
    # addresses, in one column or several
    ("address", "address", 0.1, lambda m: m.address()),
    ("street", "address", 0.0, lambda m: m.street()),
    ("strasse", "address", 0.2, lambda m: f"{m.last('de')}straße {m.n(1, 99)}"),
    ("line_1", "address", 0.0, lambda m: m.street()),
    ("q5", "address", 0.3, lambda m: m.address()),
    ("delivery_info", "address", 0.0, lambda m: m.address()),
    ("zip", "address", 0.0, lambda m: m.digits(5)),
    ("plz", "address", 0.1, lambda m: str(m.n(1, 9)) + m.digits(4)),
    ("postcode", "address", 0.0, lambda m: f"{m.one('SW', 'NW', 'LS')}{m.n(1, 9)} {m.n(1, 9)}{m.letters(2)}"),
    ("city", "place", 0.0, lambda m: m.one(*CITIES)),
    ("lat_lon", "place", 0.0, lambda m: f"{m.n(36, 60)}.{m.digits(5)}, {m.n(-9, 30)}.{m.digits(5)}"),
    ("p_geo", "place", 0.3, lambda m: f"{m.n(36, 60)}.{m.digits(6)},{m.n(-9, 30)}.{m.digits(6)}"),
    ("latitude", "place", 0.0, lambda m: f"{m.n(36, 60)}.{m.digits(5)}"),
    ("lng", "place", 0.0, lambda m: f"-{m.n(1, 90)}.{m.digits(5)}"),
    # machines and what stands for persons on them
    ("ip", "ip", 0.0, lambda m: ".".join(str(m.n(11, 223)) for _ in range(4))),
    ("client_addr", "ip", 0.0, lambda m: ".".join(str(m.n(11, 223)) for _ in range(4))),
    ("src", "ip", 0.2, lambda m: ":".join(m.hex(4) for _ in range(8))),
    ("host", "ip", 0.0, lambda m: f"{'.'.join(str(m.n(11, 223)) for _ in range(4))}:{m.n(1024, 60000)}"),
    ("mac_address", "device", 0.0, lambda m: ":".join(m.hex(2) for _ in range(6))),
    ("hw", "device", 0.1, lambda m: "-".join(m.hex(2).upper() for _ in range(6))),
    ("session_id", "device", 0.0, lambda m: m.hex(32)),
    ("license_plate", "device", 0.2, lambda m: f"{m.one('B', 'HH', 'M')}-{m.letters(2)} {m.digits(4)}"),
    ("username", "username", 0.0, lambda m: m.handle()),
    ("twitter", "username", 0.5, lambda m: f"@{m.handle().replace('.', '_')}"),
    ("social", "username", 0.4, lambda m: f"https://social.example/in/{m.handle()}"),
    ("nick", "username", 0.0, lambda m: m.handle()),
    ("password", "secret", 0.0, lambda m: m.plain() + m.digits(3) + "!Xy"),
    ("api_key", "secret", 0.0, lambda m: "sk_live_" + m.hex(24)),
    ("cfg_value", "secret", 0.0, lambda m: "ghp_" + "".join(m.one(*string.ascii_letters) for _ in range(36))),
    ("conn", "secret", 0.2, lambda m: f"postgres://app:{m.hex(12)}@db.example.com:5432/shop"),
    ("aws", "secret", 0.0, lambda m: "AKIA" + "".join(m.one(*string.ascii_uppercase, *string.digits) for _ in range(16))),
    ("btc", "wallet", 0.1, lambda m: "0x" + m.hex(40)),
    ("payout_to", "wallet", 0.0, lambda m: "0x" + m.hex(40)),
    ("customer_id", "person_id", 0.0, lambda m: str(m.n(10_000, 99_999))),
    ("user_id", "person_id", 0.0, lambda m: "U" + m.digits(7)),
    ("Kunden-Nr", "person_id", 0.0, lambda m: m.digits(8)),
    # texts that name people
    ("notes", "text", 0.1, lambda m: m.of(TICKETS)),
    ("ticket_body", "text", 0.0, lambda m: m.of(TICKETS, 0.6)),
    ("comentario", "text", 0.2, lambda m: m.of(NOTES)),
    ("Bemerkung", "text", 0.0, lambda m: m.of(BRIEFE)),
    ("message", "text", 0.0, lambda m: m.of(TICKETS, 0.3)),
    ("field_9", "text", 0.5, lambda m: m.of(TICKETS + NOTES)),
    ("customer_notes", "text", 0.0, lambda m: m.of(TICKETS, 0.5)),
    ("review_text", "text", 0.0, lambda m: m.of(TICKETS, 0.15)),
    ("transcript", "text", 0.0, lambda m: f"Agent: hello, who is calling please? Caller: my name is {m.person('en')}. Agent: how can I help you today?"),
    ("history", "text", 0.1, lambda m: f"{m.text()} Reach me at {m.phone('gb')} or {m.email()}."),
    ("log_line", "text", 0.0, lambda m: f"{m.late()} 10:00:00 INFO login of {m.email()} from host {m.hex(6)} ok after retry"),
    ("free_text_es", "text", 0.0, lambda m: m.of(NOTES, 0.5)),
    # texts that name nobody
    ("review", "", 0.0, lambda m: m.text()),
    ("comments", "", 0.2, lambda m: m.text()),
    ("Kommentar", "", 0.0, lambda m: f"{m.one(*SAETZE)} {m.one(*SAETZE)}"),
    ("opinion", "", 0.1, lambda m: f"{m.one(*FRASES)} {m.one(*FRASES)}"),
    ("body", "", 0.0, lambda m: m.text()),
    ("user_feedback", "", 0.0, lambda m: m.text()),
    ("long_description", "", 0.0, lambda m: f"{m.one(*PRODUCTS)}, made of recycled material, size {m.n(1, 90)} cm, ships in {m.n(2, 9)} days"),
    ("error", "", 0.5, lambda m: f"connection to shard {m.n(1, 90)} was lost after {m.n(1, 900)} ms, retry {m.n(1, 5)} of 5"),
    # nobody's
    ("id", "", 0.0, lambda m: str(m.n(1, 10**6))),
    ("order_no", "", 0.0, lambda m: m.digits(10)),
    ("uuid", "", 0.0, lambda m: str(uuid.UUID(int=m.random.getrandbits(128)))),
    ("md5", "", 0.0, lambda m: m.hex(32)),
    ("ts", "", 0.0, lambda m: str(m.n(15 * 10**11, 18 * 10**11))),
    ("event_time", "", 0.1, lambda m: str(m.n(15 * 10**8, 18 * 10**8))),
    ("version", "", 0.0, lambda m: ".".join(str(m.n(0, 30)) for _ in range(3))),
    ("build", "", 0.0, lambda m: f"{m.n(1, 9)}.{m.n(0, 30)}.{m.n(0, 9)}-rc{m.n(1, 9)}"),
    ("ref", "", 0.0, lambda m: f"{m.digits(3)}-{m.digits(3)}-{m.digits(4)}"),
    ("isbn", "", 0.0, lambda m: m.isbn()),
    ("ean", "", 0.0, lambda m: m.ean()),
    ("tracking", "", 0.1, lambda m: "1Z" + m.letters(3) + m.digits(13)),
    ("price", "", 0.0, lambda m: f"{m.n(1, 999)}.{m.digits(2)}"),
    ("betrag", "", 0.1, lambda m: f"{m.n(1, 9)}.{m.digits(3)},{m.digits(2)}"),
    ("rating", "", 0.0, lambda m: str(m.n(1, 5))),
    ("status", "", 0.0, lambda m: m.one("open", "done", "sent")),
    ("country", "", 0.0, lambda m: m.one("Germany", "France", "Spain", "Jordan", "Chad")),
    ("land", "", 0.1, lambda m: m.one("DE", "FR", "ES", "US")),
    ("language", "", 0.0, lambda m: m.one("English", "German", "Spanish")),
    ("color", "", 0.0, lambda m: m.one("red", "white", "green", "violet", "rose")),
    ("month", "", 0.0, lambda m: m.one("April", "May", "June", "August")),
    ("product_name", "", 0.0, lambda m: m.one(*PRODUCTS)),
    ("title", "", 0.0, lambda m: f"{m.one(*PRODUCTS).title()} {m.n(1, 99)}"),
    ("company", "", 0.0, lambda m: m.one(*FIRMS).format(l=m.last("en", "de"))),
    ("job", "", 0.1, lambda m: m.one("Software Engineer", "Nurse", "Sales Manager", "Teacher", "Bus Driver")),
    ("url", "", 0.0, lambda m: f"https://shop.example.com/p/{m.n(1, 9999)}?ref={m.hex(4)}"),
    ("path", "", 0.0, lambda m: f"/var/data/{m.hex(6)}/part-{m.digits(5)}.csv"),
    ("temperature", "", 0.2, lambda m: f"{m.n(-20, 40)}.{m.n(0, 9)}"),
    ("duration", "", 0.0, lambda m: f"{m.n(0, 9)}:{m.n(0, 59):02d}:{m.n(0, 59):02d}"),
    ("col_b", "", 0.0, lambda m: m.digits(9)),
    ("col_c", "", 0.0, lambda m: m.digits(11)),
    ("course", "", 0.0, lambda m: f"{m.one('Linear Algebra', 'Organic Chemistry', 'World History', 'Database Systems')} {m.n(101, 499)}"),
    ("dish", "", 0.0, lambda m: m.one("Caesar Salad", "Beef Wellington", "Peach Melba", "Pizza Margherita", "Earl Grey")),
    # names that lie
    ("email_sent", "", 0.0, lambda m: m.one("yes", "no")),
    ("phone_model", "", 0.0, lambda m: m.one("Pixel 8 Pro", "Galaxy S24", "iPhone 15", "Xperia 5 V")),
    ("ip_rating", "", 0.0, lambda m: m.one("IP67", "IP68", "IP54")),
    ("address_type", "", 0.0, lambda m: m.one("home", "work", "billing")),
    ("card_type", "", 0.0, lambda m: m.one("visa", "mastercard", "amex")),
    ("customer", "", 0.0, lambda m: m.one("retail", "wholesale", "online")),
    ("user", "", 0.0, lambda m: m.one("trial", "paid", "free", "student")),
    ("name_of_item", "", 0.0, lambda m: m.one(*PRODUCTS)),
    ("owner", "", 0.0, lambda m: m.one("shared", "private", "public")),
    ("passport_control", "", 0.0, lambda m: m.one("true", "false")),
    ("iban_ok", "", 0.0, lambda m: m.one("true", "false")),
]  # fmt: skip
