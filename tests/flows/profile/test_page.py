"""The page of a profile: what it shows, that it loads nothing, and that it shows no value of a person."""

from html.parser import HTMLParser

import pytest

from strongroom.flows import profile
from support.lakes import install


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.titles = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def seen(tmp_path, capsys):
    place = install(tmp_path / "a", capsys)
    file = place.lake / "raw/odd/a.csv"
    file.parent.mkdir(parents=True)
    rows = "".join(f"{at},Person{at},{'red' if at % 4 else 'blue'},secret{at % 3},{at % 5 or ''}\n" for at in range(60))
    file.write_text(f"user_id,name,color,x,amount\n{rows}")
    done = place.run(
        profile, "raw.odd", "--out", str(place.root / "odd.yaml"), "--report", str(place.root / "odd.html")
    )
    assert done.code == 0, done.err
    assert done.line["report"] == str(place.root / "odd.html")
    found = Seen()
    found.feed((place.root / "odd.html").read_text())
    return found


def test_every_column_is_there_with_what_is_proposed(seen):
    text = " ".join(" ".join(seen.texts).split())
    for words in ("user_id", "name", "color", "amount", "encrypt", "personal", "60 of 60 rows were seen"):
        assert words.replace("_", "_ ") in text or words in text.replace("_ ", "_"), words


def test_what_a_column_holds_is_there_by_entity_and_share(place):
    file = place.lake / "raw/odd/a.csv"
    file.parent.mkdir(parents=True)
    rows = "".join(
        f"{at},q{at}@nirgends.example,{'Mail r@nirgends.example' if at % 4 else 'none'}\n" for at in range(40)
    )
    file.write_text(f"amount,kontakt,note\n{rows}")
    page = place.root / "odd.html"
    done = place.run(profile, "raw.odd", "--out", str(place.root / "odd.yaml"), "--report", str(page))
    held = {column["path"]: column["entities"] for column in done.line["answer"]["columns"]}
    assert held == {
        "amount": [],
        "kontakt": [{"entity": "email", "whole": 1.0, "within": 0.0}],
        "note": [{"entity": "email", "whole": 0.0, "within": 1.0}],
    }
    assert "email 100%, in text" not in page.read_text()
    assert "email in text 100" in page.read_text().replace("\u202f", " ")
    assert "nirgends" not in page.read_text() + str(done.line) + done.out + done.err


def test_there_are_pictures_and_values_of_nobody_only(seen):
    assert sum(tag == "svg" for tag, _ in seen.tags) > 6
    text = " ".join(seen.texts)
    assert "red" in text
    assert "blue" in text
    assert "Person" not in text
    assert "secret" not in text


def test_it_loads_and_runs_nothing(seen):
    assert {tag for tag, _ in seen.tags} & {"script", "link", "img", "iframe", "object", "form"} == set()
    assert not [attrs for _, attrs in seen.tags if {"src", "onclick", "onload"} & attrs.keys()]
    policy = next(attrs for tag, attrs in seen.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'")
