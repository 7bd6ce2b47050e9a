"""Texts that rules and duplicates are tried on: the public ones of ../shared/data, and longer ones made of them.

Needs the standard library only: the rivals' own Pythons run it, too.
"""

import json
import os
import random
from pathlib import Path

DATA = Path(os.environ.get("STRONGROOM_DATA", Path(__file__).parents[3] / "shared/data"))
_REVIEWS = ("amazon_cells", "imdb", "yelp")
_MARKS = ("lorem ipsum", "javascript", "{}", "Use of cookies", "#", "...", "…", "[12]", "- ", "• ", "123 456", "é")


def there() -> bool:
    return (DATA / "text/tab_dev.jsonl").is_file() and (DATA / "reviews").is_dir()


def reviews() -> list[str]:
    files = (DATA / f"reviews/{name}_labelled.txt" for name in _REVIEWS)
    lines = (line for file in files for line in file.read_text(encoding="utf-8").split("\n")[1:])
    return [line.split("\t")[0] for line in lines if line]


def documents() -> list[str]:
    """Court decisions, clinical cases (Spanish), single sentences, reviews."""
    found = []
    for name in ("tab_dev", "meddocan_dev"):
        lines = (DATA / f"text/{name}.jsonl").read_text(encoding="utf-8").split("\n")
        found += [json.loads(line)["text"] for line in lines if line]
    cases = json.loads((DATA / "text/synth_dataset_v2.json").read_text(encoding="utf-8"))
    return [*found, *(case["full_text"] for case in cases), *reviews()]


def made(count: int = 1_000, *, seed: int = 7) -> list[str]:
    """Pages of reviews as the web has them: some fine, some that repeat themselves, are lists, or are cut up by marks.

    Their verdicts are mixed, and many lie close to a threshold.
    """
    chance, sentences = random.Random(seed), reviews()
    found = []
    for _ in range(count):
        lines = [chance.choice(sentences) for _ in range(chance.choice((4, 8, 15, 30, 60)))]
        repeats = chance.choice((0, 0, 0, 0, 1, 3, 8))
        lines += [chance.choice(lines) for _ in range(repeats)]
        for _ in range(chance.choice((0, 0, 0, 1, 2, 6))):
            place = chance.randrange(len(lines))
            mark = chance.choice(_MARKS)
            lines[place] = chance.choice((f"{mark}{lines[place]}", f"{lines[place]} {mark}", f"{lines[place]}{mark}"))
        if chance.random() < 0.1:
            lines = [f"- {line}" for line in lines]
        if chance.random() < 0.1:
            lines = [line[: chance.choice((12, 30, 31))] for line in lines]
        if chance.random() < 0.1:
            lines = [line.rstrip(".!? ") for line in lines]
        if chance.random() < 0.05:
            lines = [line.upper() for line in lines]
        found.append(chance.choice((" ", "\n", "\n", "\n\n", "\r\n", "\n \n")).join(lines))
    return found


def near(count: int, *, seed: int = 7) -> list[str]:
    """Texts of which half were made of an earlier one by changing some words: of every likeness, many close to .8."""
    chance = random.Random(seed)
    words = [word for text in documents() for word in text.split()]
    found: list[list[str]] = []
    for _ in range(count):
        if found and chance.random() < 0.5:
            text = list(chance.choice(found[-200:]))
            for _ in range(round(len(text) * chance.choice((0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1)))):
                text[chance.randrange(len(text))] = chance.choice(words)
        else:
            start = chance.randrange(len(words) - 2_000)
            text = words[start : start + chance.choice((8, 30, 100, 300, 1_500))]
        found.append(text)
    return [" ".join(text) for text in found]
