"""Equal and near texts: found as exact likeness finds them, in whatever pieces the rows come, and under a key."""

import re
from collections import Counter, defaultdict

import pyarrow as pa
import pytest

from strongroom.core.secret import Secret
from strongroom.curation.marks import SKETCH, Marker, shape
from strongroom.curation.ordered import EXACT, MOST, NEAR, Kept, Rows
from support import corpus

KEY = Secret(bytes(range(32)))
SENTENCE = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"


def rows(texts, *, near=0.8, shingle=5, key=KEY):
    marks = Marker(key, near=near, shingle=shingle).marks(pa.array(texts))
    return Rows(*(each.to_pylist() for each in (marks.exact, marks.bands, marks.sketch)), [None] * len(texts))


def repeats(*parts, near=0.8):
    with Kept(near=near) as kept:
        return [reason for part in parts for reason in kept.repeats(part)]


def shingles(text, size=5):
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1))} if words else set()


def by_hand(texts, near):
    """Which rows are near an earlier one that stays, by their sets of shingles."""
    kept, having, found = [], defaultdict(list), []
    for text in texts:
        mine = shingles(text)
        shared = Counter(other for shingle in mine for other in having[shingle])
        found.append(any(both / (len(mine) + len(kept[other]) - both) >= near for other, both in shared.items()))
        if not found[-1]:
            for shingle in mine:
                having[shingle].append(len(kept))
            kept.append(mine)
    return found


@pytest.mark.skipif(not corpus.there(), reason=f"NO TEXTS in {corpus.DATA}: likeness is not tried on them")
def test_near_texts_are_those_of_exact_likeness():
    texts = corpus.near(3_000)
    assert max(len(shingles(text)) for text in texts) > SKETCH, "some are longer than a sketch"
    gold, mine = by_hand(texts, 0.8), [bool(reason) for reason in repeats(rows(texts))]
    both = sum(a and b for a, b in zip(gold, mine, strict=True))
    assert 300 < sum(gold) < 2_700
    assert both / sum(gold) >= 0.95
    assert both / sum(mine) >= 0.98


def test_a_row_goes_beside_one_that_stays_and_not_beside_one_that_went():
    words = [f"w{number}" for number in range(40)]
    first, second, third = " ".join(words[:24]), " ".join(words[2:26]), " ".join(words[4:28])
    found = repeats(rows([first, second, third, second], near=0.75), near=0.75)
    assert found == ["", NEAR, "", NEAR], "the third is near the second only, which went"


@pytest.mark.parametrize(
    ("one", "other", "reason", "why"),
    [
        ("A text.", "A text.", EXACT, "equal"),
        ("A  text.\n", "a Text.", EXACT, "but for case and blanks"),
        ("Caf\u00e9 au lait", "Cafe\u0301 au lait", EXACT, "but for how it is composed"),
        (SENTENCE, SENTENCE.replace(" ", ", "), NEAR, "but for signs"),
        ("A text.", "A text!", NEAR, "likewise, shorter than a shingle"),
        ("", "", EXACT, "nothing"),
        ("!!!", "???", "", "no word, so no likeness"),
        ("A text.", "Another text.", "", "another"),
    ],
)
def test_what_is_alike(one, other, reason, why):
    assert repeats(rows([one, other])) == ["", reason], why
    exact = repeats(rows([one, other], near=0), near=0)
    assert exact == ["", reason if reason == EXACT else ""], why


def test_pieces_of_any_size_give_what_all_rows_at_once_give():
    texts = [" ".join(SENTENCE.split()[at % 7 :]) + f" {at % 90}" * (at % 40) for at in range(400)]
    all_rows = rows(texts)
    whole = repeats(all_rows)
    assert {EXACT, NEAR, ""} == set(whole)
    for size in (1, 7, 150):
        parts = [all_rows.part(start, start + size) for start in range(0, len(texts), size)]
        assert repeats(*parts) == whole
    # Those that stay, remembered from before, and the rest: as an increment has them.
    stayed = [at for at in range(200) if not whole[at]]
    before = Rows(*([column[at] for at in stayed] for column in (all_rows.exact, all_rows.bands, all_rows.sketch)),
                  [True] * len(stayed))  # fmt: skip
    assert repeats(before, all_rows.part(200, 400)) == [""] * len(stayed) + whole[200:]


def test_a_row_that_is_gone_already_makes_no_other_go():
    marked = rows(["a b c", "a b c"])
    settled = Rows(marked.exact, marked.bands, marked.sketch, [False, None])
    assert repeats(settled) == ["", ""]


def test_of_one_band_few_rows_are_remembered():
    """Texts that share most shingles, and are not near: what each costs does not grow with their number."""
    common = SENTENCE
    texts = [f"{common} " + " ".join(f"w{number}x{at}" for at in range(10)) for number in range(400)]
    with Kept(near=0.8) as kept:
        assert set(kept.repeats(rows(texts))) == {""}
    look = kept._bands.look(kept._bands._runs[0][0])
    assert max(len(look.numbers(place)) for place in range(len(look.keys))) <= MOST


def test_marks_are_keyed_and_say_nothing_without_it():
    one, same, other = (rows([SENTENCE], key=key) for key in (KEY, Secret(bytes(range(32))), Secret(bytes(32))))
    assert (one.exact, one.bands, one.sketch) == (same.exact, same.bands, same.sketch)
    assert one.exact != other.exact
    assert not set(chunks(one.bands[0], 8)) & set(chunks(other.bands[0], 8))
    assert not set(chunks(one.sketch[0], 4)) & set(chunks(other.sketch[0], 4))


def chunks(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("near", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
def test_texts_that_are_just_so_alike_share_a_band_nearly_always(near):
    bands, size = shape(near)
    assert 1 - (1 - near**size) ** bands >= 0.995
    assert bands * size <= 128
