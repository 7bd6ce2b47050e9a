"""Whose rows may be used for what and when: cases with a why, and random events against plain Python over dicts."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from protect.ring import SEED
from strongroom.core.contract import LegalBasis
from strongroom.protect import consents
from strongroom.protect.consents import COLUMNS, any_of, standing

CONSENT, OBJECT, LAW = LegalBasis("consent"), LegalBasis("legitimate_interests"), LegalBasis("legal_obligation")
KINDS = [pa.binary(), pa.string(), pa.string(), *[pa.timestamp("us", "UTC")] * 3]
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def day(number):
    return None if number is None else DAY + timedelta(days=number)


def tag(number):
    return number.to_bytes(16) if number < 256 else number.to_bytes(8) * 2


def batch(events):
    """Events as `(person, purpose, event, at, from, until)`, times as days."""
    rows = [(tag(who), purpose, event, day(at), day(start), day(end)) for who, purpose, event, at, start, end in events]
    return pa.record_batch([pa.array([row[place] for row in rows], kind) for place, kind in enumerate(KINDS)], COLUMNS)


def people(found):
    return {value for tags in found.tags for value in tags.to_pylist()}


def may(events, who, *, basis, at, purpose="train", restricts=True):
    found = standing([batch(events)], purpose=purpose, basis=basis, at=day(at), restricts=restricts)
    return (tag(who) in people(found)) == found.keeps


GIVEN, GONE = (1, "train", "given", 1, None, None), (1, "train", "withdrawn", 5, None, None)
NO, BACK = (1, "train", "objected", 5, None, None), (1, "train", "objection_withdrawn", 8, None, None)
HELD, FREE = (1, None, "restricted", 5, None, None), (1, None, "restriction_lifted", 8, None, None)
CASES = [
    # events, at which day, by consent, by interests, by law: may the rows be used?; why
    ([], 1, False, True, True, "who has said nothing has not said yes, nor no"),
    ([GIVEN], 1, True, True, True, "given, at that very instant"),
    ([GIVEN], 0.999, False, True, True, "not yet"),
    ([GIVEN, GONE], 4.99, True, True, True, "not withdrawn yet"),
    ([GIVEN, GONE], 5, False, False, True, "withdrawn, from that instant on: a no for interests too"),
    ([GONE, GIVEN], 6, False, False, True, "the order in which events come says nothing"),
    ([GIVEN, GONE, (1, "train", "given", 7, None, None)], 7, True, True, True, "a new consent"),
    ([(1, "train", "given", 1, 3, 6)], 2, False, True, True, "not from then on"),
    ([(1, "train", "given", 1, 3, 6)], 3, True, True, True, "from that instant on"),
    ([(1, "train", "given", 1, 3, 6)], 6, False, True, True, "until that instant, and that is no objection"),
    ([GIVEN, (1, "train", "given", 2, 9, None)], 3, False, True, True, "the newest counts, though it begins later"),
    ([GIVEN, (1, "other", "withdrawn", 2, None, None)], 3, True, True, True, "of another purpose"),
    ([GIVEN, (2, "train", "withdrawn", 2, None, None)], 3, True, True, True, "of somebody else"),
    ([GIVEN, NO], 6, False, False, True, "who objects where he was asked withdraws"),
    ([GIVEN, NO, BACK], 9, False, True, True, "to take an objection back is no yes"),
    ([GIVEN, HELD], 6, False, False, False, "restricted, for every purpose"),
    ([GIVEN, HELD, FREE], 8, True, True, True, "restricted no more: what was said before counts again"),
    ([GIVEN, (1, "train", "withdrawn", 1, None, None)], 1, False, False, True, "at one instant, no goes before yes"),
    ([HELD, (1, None, "restriction_lifted", 5, None, None)], 5, False, False, False, "and so it does for restriction"),
    ([(1, "train", "given", 1, 2, None), (1, "train", "given", 1, 4, None)], 3, False, True, True,
     "of two that say yes at once the later start"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "at", "by_consent", "by_interests", "by_law", "why"), CASES, ids=[c[-1] for c in CASES]
)
def test_what_counts(events, at, by_consent, by_interests, by_law, why):
    answers = [may(events, 1, basis=basis, at=at) for basis in (CONSENT, OBJECT, LAW)]
    assert answers == [by_consent, by_interests, by_law], why
    assert answers == [may(events[::-1], 1, basis=basis, at=at) for basis in (CONSENT, OBJECT, LAW)], why


def test_restriction_takes_nothing_out_of_a_table():
    assert may([GIVEN, HELD], 1, basis=CONSENT, at=6, restricts=False)
    assert may([HELD], 1, basis=OBJECT, at=6, restricts=False)


def test_the_next_instant_at_which_the_answer_may_change():
    def next_(events, at):
        return standing([batch(events)], purpose="train", basis=CONSENT, at=day(at)).until

    assert next_([GIVEN], 2) is None
    assert next_([GIVEN, GONE], 2) == day(5)
    assert next_([(1, "train", "given", 1, 3, 6)], 2) == day(3)
    assert next_([(1, "train", "given", 1, 3, 6)], 3) == day(6)
    assert next_([(1, "train", "given", 1, 3, 6), HELD], 3) == day(5)
    assert next_([(1, "other", "given", 1, 3, 6)], 2) is None, "of another purpose"


def oracle(events, who, purpose, basis, at):
    """The same as one who reads the law would write it, in plain Python."""
    strict = {
        "given": 0,
        "objection_withdrawn": 1,
        "withdrawn": 2,
        "objected": 3,
        "restriction_lifted": 0,
        "restricted": 1,
    }
    said, held = None, None
    for event in events:
        person, about, kind, when, start, end = event
        if person != who or when > at:
            continue
        key = (when, strict[kind], -1e9 if start is None else start, -(1e9 if end is None else end))
        if kind.startswith("restrict"):
            held = max(filter(None, (held, (key, kind))))
        elif about == purpose:
            said = max(filter(None, (said, (key, kind, start, end))))
    if held and held[1] == "restricted":
        return False
    word = said[1] if said else ""
    stands = word == "given" and (said[2] is None or said[2] <= at) and (said[3] is None or at < said[3])
    return {"consent": stands, "legitimate_interests": word not in ("withdrawn", "objected")}.get(basis.basis, True)


@pytest.mark.parametrize("at_once", [1 << 22, 64], ids=["in memory", "through files"])
def test_random_events_against_plain_python(monkeypatch, at_once):
    monkeypatch.setattr(consents, "_AT_ONCE", at_once)
    rng = random.Random(SEED)
    crowd = [*range(1, 60), *(rng.getrandbits(62) + 256 for _ in range(100))]
    events = []
    for _ in range(2_000):
        kind = rng.choice(consents.EVENTS)
        times = [None if rng.random() < 0.5 else rng.randint(0, 30) for _ in range(2)]
        about = None if kind.startswith("restrict") else rng.choice(["train", "other"])
        events.append((rng.choice(crowd), about, kind, rng.randint(0, 30), *times))
    batches = [batch(events[start : start + 100]) for start in range(0, len(events), 100)]
    for basis in (CONSENT, OBJECT, LAW):
        for at in rng.sample(range(31), 6):
            found = standing(iter(batches), purpose="train", basis=basis, at=day(at))
            want = {tag(who) for who in crowd if oracle(events, who, "train", basis, at) == found.keeps}
            assert people(found) & {tag(who) for who in crowd} == want, (SEED, basis, at)
            assert len(found) == len(people(found))
            if found.until is not None:  # nothing is otherwise before that
                just = (found.until - DAY) / timedelta(days=1) - 0.001
                same = standing(iter(batches), purpose="train", basis=basis, at=day(just))
                assert same.fingerprint() == found.fingerprint(), (SEED, basis, at)


def test_a_row_stays_that_one_purpose_may_use():
    events = batch([GIVEN, (2, "other", "given", 1, None, None), (3, "mail", "objected", 1, None, None),
                    (1, "mail", "objected", 1, None, None), (4, "post", "objected", 1, None, None)])  # fmt: skip

    def of(purpose, basis):
        return standing([events], purpose=purpose, basis=basis, at=day(6), restricts=False)

    either = any_of([of("train", CONSENT), of("other", CONSENT)])
    assert (people(either), either.keeps) == ({tag(1), tag(2)}, True)
    mixed = any_of([of("train", CONSENT), of("mail", OBJECT)])
    assert (people(mixed), mixed.keeps) == ({tag(3)}, False), "who consents to the one may object to the other"
    both = any_of([of("mail", OBJECT), of("post", OBJECT)])
    assert (people(both), both.open) == (set(), True)
    assert any_of([of("mail", OBJECT), of("mail", LAW)]).open


def test_fingerprints_tell_answers_apart_and_nothing_else():
    def mark(events, basis=CONSENT):
        return standing([batch(events)], purpose="train", basis=basis, at=day(6)).fingerprint()

    assert mark([GIVEN]) == mark([(1, "train", "given", 2, None, None), (1, "other", "objected", 2, None, None)])
    assert len({mark([]), mark([GIVEN]), mark([], OBJECT), mark([NO], OBJECT)}) == 4
