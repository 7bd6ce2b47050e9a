"""Texts of our own: templates in four languages, filled with identities of our own, and hard negatives.

Identities are made here, by rules that the recognisers do not share: names are put together from syllables and from
short lists, numbers are drawn and given their check digits by code of this file.
"""

# ruff: noqa: E501 - a template or a way to make a value is one line
from __future__ import annotations

import random
import re
import string
from collections import Counter

import pyarrow as pa

from benchmarks.measure import rounded, show
from strongroom.text import Finder

FIRST = ["Marion", "Tobias", "Ingrid", "Osvaldo", "Priya", "Kwame", "Yuki", "Leocadia", "Bastien", "Annegret", "Desmond", "Roswitha", "Fermín", "Nadezhda", "Aurélie", "Wolfgang", "Consuelo", "Thandiwe", "Iñaki", "Saoirse", "Mateusz", "Giulia", "Benedikt", "Rosalind", "Álvaro", "Chiara", "Edwin", "Margot"]  # fmt: skip
LAST = ["Ashcombe", "Villaseñor", "Grünwald", "Okonkwo", "Lindqvist", "Marchetti", "Pellegrin", "Zubizarreta", "Thistlewood", "Nakagawa", "Brankovic", "Oyelaran", "Castellanos", "Duvernay", "Hollenbach", "Mazurek", "Quintanilla", "Redfern", "Sokolova", "Vandenberghe", "Yilmaz"]  # fmt: skip
CITIES = [
    "Bristol",
    "Zaragoza",
    "Leipzig",
    "Grenoble",
    "Toledo",
    "Hamburg",
    "Valladolid",
    "Lyon",
    "Portland",
    "Granada",
    "Bremen",
    "Nantes",
]
STREETS = {"en": "{n} {w} {k}", "es": "Calle {w} {n}", "de": "{w}straße {n}", "fr": "{n} rue {w}"}
TEMPLATES = {
    "person": ["My name is {}.", "Me llamo {}.", "Yesterday {} called again about the invoice.", "Mit freundlichen Grüßen\n{}",
               "Dear {}, thank you for your order.", "El paciente {} acude a consulta.", "Ticket opened by {}, closed today.",
               "Mr {} did not answer.", "La señora {} firmó el contrato.", "Madame {} a téléphoné hier."],
    "nationality": ["She is a {} citizen living abroad.", "a {} man was interviewed", "The patient, a {} man, left."],
    "religion": ["The applicant, a {} woman, asked for leave.", "He is a {} man.", "Her husband is {}."],
    "politics": ["He said he was a {} man.", "She married a {} politician.", "The man called himself a {}."],
    "age": ["He is {} years old.", "a {}-year-old woman came in", "Ich bin {} Jahre alt.", "I turned {} in May."],
    "place": ["I live in {} now.", "Vivo en {} desde hace tiempo.", "Born in {}, she left early.", "City: {}"],
    "institution": ["She was treated at {}.", "Fue atendido en el {}.", "He studied at {}."],
    "organisation": ["He works for {} as a clerk.", "The contract with {} ended.", "Invoices go to {}."],
    "address": ["Send it to {} please.", "Address: {}", "Mi domicilio: {}", "Sie wohnt in der {}.", "I moved to {} last year."],
    "email": ["Write to {} soon.", "mail: {}", "Mi correo es {}."],
    "phone": ["Call me at {}.", "Tel.: {}", "Mi teléfono es {}.", "WhatsApp {}"],
    "date_of_birth": ["Date of birth: {}", "born on {}", "Fecha de nacimiento: {}", "geboren am {}"],
    "date": ["The meeting on {} was moved.", "Recibido el {} por correo.", "Shipped {}."],
    "username": ["Username: {}", "my login is {}", "follow @{} there"],
    "profile": ["See https://social.example/in/{} for more.", "https://forum.example/users/{}"],
    "ip": ["Login from {} failed.", "client {} refused", "IP: {}"],
    "mac": ["Device {} joined.", "MAC {}"],
    "card": ["Charge my card {} today.", "Mi tarjeta {} caduca pronto.", "Card number: {}"],
    "iban": ["Transfer to {} please.", "IBAN: {}", "Meine IBAN ist {}."],
    "bank_account": ["Account number: {}", "bank account {}", "Kontonummer: {}"],
    "national_id": ["DNI: {}", "My id number is {}.", "Con documento {} presente."],
    "tax_id": ["VAT number: {}", "Tax id {}", "USt-IdNr. {}"],
    "passport": ["Passport number: {}", "Pasaporte {}", "passport no {}"],
    "driving_licence": ["Driving licence {}", "driver's license number {}", "Führerschein: {}"],
    "medical_record": ["MRN: {}", "NHC: {}", "Medical record number {}"],
    "vehicle_plate": ["License plate {}", "matrícula {}", "Kennzeichen {}"],
    "coordinates": ["GPS: {}", "found at {}", "coordinates {}"],
    "wallet": ["Send BTC to {}", "wallet {}"],
    "secret": ["password: {}", "export API_KEY={}", "token {}"],
}  # fmt: skip
HELD_OUT = {
    "person": ["Could somebody reach {} before noon?", "Vi a {} en la oficina.", "signed: {}", "Gestern war {} im Büro."],
    "nationality": ["They hired a {} nurse.", "un ciudadano, de origen {}, declaró"],
    "religion": ["My wife is {}.", "a {} student complained"],
    "politics": ["the lawyer, a known {}, won", "He is a {} voter"],
    "age": ["Age: {}", "at the age of {} she retired", "tiene {} años de edad"],
    "place": ["We moved from {} to the coast.", "Ich wohne in {}.", "Place of birth: {}"],
    "institution": ["The {} confirmed it.", "He was admitted to {} on the same day."],
    "organisation": ["Our supplier is {}.", "{} sent the wrong part."],
    "address": ["The parcel went to {} by mistake.", "Shipping address\n{}", "Vive en {}"],
    "email": ["Contact <{}> for help", "cc {}"],
    "phone": ["my number is {}", "Reach us on {} or by post", "Handy: {}"],
    "date_of_birth": ["DOB {}", "nacida el {}"],
    "date": ["Due {} at noon", "seit {} defekt"],
    "username": ["user name: {}", "twitter: @{}"],
    "profile": ["profile https://git.example/@{}", "http://www.site.example/people/{}"],
    "ip": ["ssh root@{}", "{} - - GET /"],
    "mac": ["hwaddr {}", "ether {} up"],
    "card": ["Visa {} exp 12/27", "I was charged twice on {}"],
    "iban": ["Bitte auf {} überweisen", "account {} please"],
    "bank_account": ["acct no {}", "número de cuenta: {}"],
    "national_id": ["Mi NIF es {}", "documento de identidad: {}"],
    "tax_id": ["our vat: {}", "factura a {}"],
    "passport": ["travelling on passport {}", "Reisepass Nr. {}"],
    "driving_licence": ["DL number: {}", "permiso de conducir {}"],
    "medical_record": ["medical record: {}", "historia clínica nº {}"],
    "vehicle_plate": ["number plate {} was seen", "placa: {}"],
    "coordinates": ["lat/lon {}", "Coordenadas: {}"],
    "wallet": ["eth address {}", "pay {} today"],
    "secret": ["passwd={}", "the api key is {}"],
}  # fmt: skip
"""Written after the recognisers and not looked at while they were changed."""
NEGATIVE = ["Order number {d16} was shipped.", "created_at: {ms}", "Part no. {d3}-{d2}-{d4}", "version {v}", "{uuid}", "sha1 {sha}",
            "ISBN {isbn}", "pedido {d10}", "tracking number {d12}", "IMEI {imei}", "commit {hex7} fixes it", "build {v}.{d4}",
            "Total: {d4}.{d2} EUR", "size {d2}x{d2} cm", "SKU {sku}", "The battery lasts {d2} hours.", "Great phone, works well.",
            "Muy buena calidad, lo recomiendo.", "Sehr gutes Gerät, schnelle Lieferung.", "page {d3} of {d3}", "rated 4.5 out of 5",
            "error code {d5}", "número de serie {sku}", "invoice {d8}", "ts={ms}", "lot {d6} batch {d5}", "EAN {ean}"]  # fmt: skip


class Made:
    """Identities drawn from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def digits(self, count: int) -> str:
        return "".join(self.random.choice(string.digits) for _ in range(count))

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def luhn(self, start: str, length: int) -> str:
        body = start + self.digits(length - len(start) - 1)
        total = sum(
            sum(map(int, str(int(digit) * (2 if place % 2 == 0 else 1)))) for place, digit in enumerate(reversed(body))
        )
        return body + str(-total % 10)

    def name(self) -> str:
        return f"{self.one(*FIRST)} {self.one(*LAST)}"

    def iban(self) -> str:
        country, length = self.random.choice([("DE", 18), ("ES", 20), ("AT", 16)])
        body = self.digits(length)
        check = 98 - int(body + "".join(str(ord(letter) - 55) for letter in country) + "00") % 97
        whole = f"{country}{check:02d}{body}"
        return whole if self.random.random() < 0.5 else " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))

    def dni(self) -> str:
        number = self.digits(8)
        return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]

    def german_vat(self) -> str:
        product = 10
        body = str(self.random.randint(1, 9)) + self.digits(7)
        for digit in body:
            total = (int(digit) + product) % 10 or 10
            product = 2 * total % 11
        return f"DE{body}{(11 - product) % 10}"

    def date(self) -> str:
        day, month, year = self.random.randint(1, 28), self.random.randint(1, 12), self.random.randint(1940, 2023)
        return self.one(
            f"{day:02d}/{month:02d}/{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day} March {year}",
            f"{day} de mayo de {year}",
        )

    def of(self, entity: str) -> str:
        draw = self.random.randint
        lower = self.one(*LAST).lower().replace("ñ", "n").replace("ü", "u")
        made = {
            "person": self.name,
            "nationality": lambda: self.one("Turkish", "Peruvian", "Swedish", "Nigerian", "Austrian"),
            "religion": lambda: self.one("Catholic", "Muslim", "Buddhist", "Jewish"),
            "politics": lambda: self.one("communist", "socialist", "Republican", "anarchist"),
            "age": lambda: str(draw(18, 95)),
            "place": lambda: self.one(*CITIES),
            "institution": lambda: self.one(f"Hospital {self.one(*LAST)}", f"University of {self.one(*CITIES)}", f"{self.one(*CITIES)} District Court"),
            "organisation": lambda: f"{self.one(*LAST)} {self.one('Ltd', 'GmbH', 'Holdings', 'S.L.', 'Associates')}",
            "address": lambda: STREETS[self.one(*STREETS)].format(n=draw(1, 240), w=self.one(*LAST), k=self.one("Street", "Avenue", "Road")),
            "email": lambda: f"{lower}{draw(1, 99)}@{self.one('mail', 'post')}.example.{self.one('com', 'es', 'co.uk')}",
            "phone": lambda: self.one(f"+44 20 79{self.digits(2)} {self.digits(4)}", f"6{self.digits(2)} {self.digits(3)} {self.digits(3)}", f"(415) 555-{self.digits(4)}", f"+49 30 {self.digits(7)}"),
            "date_of_birth": self.date,
            "date": self.date,
            "username": lambda: f"{lower}_{draw(10, 99)}",
            "profile": lambda: f"{lower}{draw(1, 99)}",
            "ip": lambda: ".".join(str(draw(11, 223)) for _ in range(4)),
            "mac": lambda: ":".join(f"{draw(0, 255):02x}" for _ in range(6)),
            "card": lambda: self.luhn(*self.random.choice([("4", 16), ("55", 16), ("2300", 16), ("37", 15), ("6011", 16), ("36", 14)])),
            "iban": self.iban,
            "bank_account": lambda: self.digits(draw(8, 12)),
            "national_id": self.dni,
            "tax_id": self.german_vat,
            "passport": lambda: self.one(*string.ascii_uppercase) + self.digits(8),
            "driving_licence": lambda: self.one(*string.ascii_uppercase) + self.digits(7),
            "medical_record": lambda: self.digits(draw(6, 8)),
            "vehicle_plate": lambda: self.one(f"{self.digits(4)} BCD", f"7ABC{self.digits(3)}", f"B-KX {self.digits(4)}"),
            "coordinates": lambda: f"{draw(30, 60)}.{self.digits(5)}, -{draw(1, 90)}.{self.digits(5)}",
            "wallet": lambda: "0x" + "".join(self.one(*"0123456789abcdefABCDEF") for _ in range(40)),
            "secret": lambda: "".join(self.one(*string.ascii_letters) for _ in range(9)) + self.digits(4) + "!x",
        }  # fmt: skip
        return made[entity]()

    def negative(self, template: str) -> str:
        hexes = "0123456789abcdef"
        values = {
            **{f"d{count}": self.digits(count) for count in (2, 3, 4, 5, 6, 8, 10, 12)},
            "d16": self.luhn("4", 16), "ms": str(self.random.randint(15 * 10**11, 18 * 10**11)), "imei": self.luhn("35", 15),
            "v": ".".join(str(self.random.randint(0, 30)) for _ in range(self.random.randint(3, 4))),
            "uuid": "-".join("".join(self.one(*hexes) for _ in range(count)) for count in (8, 4, 4, 4, 12)),
            "sha": "".join(self.one(*hexes) for _ in range(40)), "hex7": "".join(self.one(*hexes) for _ in range(7)),
            "isbn": f"978-{self.digits(1)}-{self.digits(3)}-{self.digits(5)}-{self.digits(1)}", "ean": self.digits(13),
            "sku": self.one(*string.ascii_uppercase) + self.digits(8),
        }  # fmt: skip
        return template.format(**values)


def macro(finder: Finder, templates: dict[str, list[str]], made: Made, each: int) -> dict[str, float]:
    """F1 of each entity: spans with the right label that hold the value and hardly more."""
    texts, wanted = [], []
    for entity, forms in templates.items():
        for number in range(each):
            value = made.of(entity)
            texts.append(forms[number % len(forms)].format(value))
            wanted.append((entity, value))
    table = finder.find(pa.array(texts))
    right, found, gold = Counter[str](), Counter[str](), Counter(entity for entity, _ in wanted)
    for row, start, end, entity in zip(
        *(table[name].to_pylist() for name in ("row", "start", "end", "entity")), strict=True
    ):
        found[entity] += 1
        text = texts[row][start:end]
        kind, value = wanted[row]
        right[entity] += kind == entity and value in text and len(text) <= len(value) + 40
    return {entity: 2 * right[entity] / (found[entity] + gold[entity]) for entity in templates}


def run(finder: Finder, *, each: int = 60, seed: int = 1) -> None:
    """Macro F1 over entities, whole spans with their labels; share of hard negatives in which anything is found."""
    made = Made(seed)
    for name, templates in (("looked at", TEMPLATES), ("held out", HELD_OUT)):
        scores = macro(finder, templates, made, each)
        lowest = sorted(scores, key=lambda entity: scores[entity])[:6]
        show(f"own templates, {name}: macro F1 over {len(scores)} entities", aim=">= .93",
             value=rounded(sum(scores.values()) / len(scores)),
             lowest={entity: rounded(scores[entity]) for entity in lowest})  # fmt: skip
    negatives = [made.negative(NEGATIVE[number % len(NEGATIVE)]) for number in range(2_000)]
    alarmed = set(finder.find(pa.array(negatives))["row"].to_pylist())
    kinds = Counter(re.sub(r"[0-9a-f]{2,}", "…", NEGATIVE[row % len(NEGATIVE)]) for row in alarmed)
    show("own templates: false alarms on hard negatives", aim="<= .005", value=rounded(len(alarmed) / len(negatives)),
         most=dict(kinds.most_common(3)))  # fmt: skip
