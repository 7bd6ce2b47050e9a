"""A certificate says what was searched, and nobody can say otherwise in its name."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from strongroom.audit.checkpoint import Checkpoint, new_signing_key, open_checkpoint, sign, verifier_key
from strongroom.core.errors import StoreError
from strongroom.proof.certificate import FORMAT, LIMITS, Statement, issue, verify
from strongroom.proof.decoys import decoys
from strongroom.proof.forms import Needle
from strongroom.proof.report import Unsearched
from strongroom.proof.search import search

KEY, OTHER = new_signing_key(bytes(range(32))), new_signing_key(bytes(32))
KEYS = [verifier_key(OTHER), verifier_key(KEY)]
NEEDLES = [Needle(1, "email", "olga.petrova@example.org", kind="email"), Needle(2, "city", "Bonn")]
DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def statement(**more):
    moments = {name: DAY + timedelta(days=at) for at, name in enumerate(("received", "started", "ended", "expected"))}
    return Statement("r-1", "withdrawn", version="1.2", **moments, **more)


@pytest.fixture
def text(tmp_path):
    (tmp_path / "f").write_text("nothing of her")
    (tmp_path / "g").write_bytes(b"Obj\x01")
    return written(tmp_path, tables={"training.reviews": 4}, models={"m/1": "retrain due"}, recipients=["role analyst"])


def written(folder, **more):
    report = search([str(folder)], NEEDLES, invented=decoys(NEEDLES, 10, seed="r-1"))
    return issue(statement(**more), report, needles=NEEDLES, key=KEY)


def test_it_says_what_was_searched(text):
    verdict = verify(text, KEYS)
    assert (verdict.state, verdict.signer.partition("+")[0]) == ("ok", verifier_key(KEY).name)
    said = verdict.statement
    assert said == json.loads(text)["statement"]
    assert (said["format"], said["subject_request_id"], said["request_status"]) == (FORMAT, "r-1", "completed")
    assert said["expected_completion_time"] == "2026-01-05T03:04:05Z"
    assert (said["search"]["files"], said["search"]["bytes"], said["hits"]) == (2, 18, 0)
    assert (said["search"]["subjects"], said["search"]["values"], said["search"]["values_by_column"]) == (
        2,
        2,
        {"city": 1},
    )
    assert said["search"]["invented"] == {"values": 10, "hits": 0}
    assert next(one["why"].partition(":")[0] for one in said["unsearched"]) == "an Avro file"
    assert (said["tables"], said["limits"]) == ([{"table": "training.reviews", "version": 4}], list(LIMITS))
    assert said["models"] == [{"model": "m/1", "becomes": "retrain due"}]


def test_anybody_can_verify_it_with_a_library_for_ed25519(text):
    document = json.loads(text)
    signed = json.dumps(document["statement"], sort_keys=True, separators=(",", ":")) + "\n"

    raw = base64.b64decode(document["signature"].split(" ")[2])
    Ed25519PublicKey.from_public_bytes(verifier_key(KEY).public).verify(raw[4:], signed.encode())


def test_places_are_told_and_no_value(tmp_path):
    (tmp_path / "f").write_text("to olga.petrova@example.org")
    text = written(tmp_path)
    said = verify(text, KEYS).statement
    assert (said["request_status"], said["hits"], said["places"][0]["at"]) == ("in_progress", 1, 3)
    assert "olga" not in text


def test_a_value_in_what_it_would_say_is_refused(tmp_path):
    with pytest.raises(StoreError) as refused:
        written(tmp_path, recipients=["OLGA.petrova@example.org".lower()])
    assert refused.value.code == "proof.value"
    assert "olga" not in str(refused.value)
    with pytest.raises(StoreError):
        written(tmp_path, unreached=[Unsearched("b64:b2xnYS5wZXRyb3ZhQGV4YW1wbGUub3Jn", "", "theirs")])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one: one.replace('"hits": 0', '"hits": 1'), "another count"),
        (lambda one: one.replace('"files": 2', '"files": 20'), "inside the search"),
        (lambda one: one.replace("withdrawn", "withdr\\u0061wn").replace("r-1", "r-2"), "another request"),
        (lambda one: one.replace('"hits": 0', '"hits": 0, "hits": 0'), "a name twice, of which readers take either"),
        (lambda one: one.replace('"hits": 0', '"hits": 0.0'), "an equal number that is written otherwise"),
        (lambda one: one.replace('"statement"', '"more": 1, "statement"'), "something that is not signed"),
        (lambda one: one.replace(FORMAT, "strongroom.other/1"), "another kind of document"),
        (lambda one: one[:-9], "cut off"),
        (lambda one: "[]", "no document"),
        (lambda one: "[" * 100_000, "nested without end"),
        (lambda one: one[:-10] + ("A" if one[-10] != "A" else "B") + one[-9:], "another signature"),
    ],
)
def test_what_was_changed_is_told(text, change, why):
    assert change(text) != text
    assert verify(change(text), KEYS).state == "tampered", why


def test_blanks_and_order_are_free(text):
    document = json.loads(text)
    turned = {"signature": document["signature"], "statement": dict(reversed(document["statement"].items()))}
    assert verify(json.dumps(turned), KEYS).state == "ok"


def test_a_key_that_nobody_knows(text):
    assert verify(text, KEYS[:1]).state == "unknown_key"
    assert verify(text, []).state == "unknown_key"


def test_a_signed_head_is_no_certificate_and_a_certificate_no_head(text):
    document = json.loads(text)
    signed = json.dumps(document["statement"], sort_keys=True, separators=(",", ":"))
    with pytest.raises(ValueError, match="no checkpoint"):
        open_checkpoint(f"{signed}\n\n{document['signature']}\n", KEYS)
    note = sign(Checkpoint("log", 1, bytes(32)), KEY)
    head, _, line = note.rpartition("\n\n")
    for said in (head, head + "\n", {"format": FORMAT}):
        assert verify(json.dumps({"statement": said, "signature": line.strip()}), KEYS).state == "tampered"
