"""Checkpoints are signed notes that others can read, and nothing forged is taken for one."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from strongroom.audit import checkpoint as notes
from strongroom.core.secret import Secret

# Example of golang.org/x/mod/sumdb/note (https://pkg.go.dev/golang.org/x/mod/sumdb/note).
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = notes.new_signing_key(bytes(range(32)))
VERIFIER = notes.verifier_key(KEY)
HEAD = notes.Checkpoint(VERIFIER.name, 7, sha256(b"head").digest())


def test_a_note_signed_by_the_go_implementation_opens():
    text = notes.open_note(GO_NOTE, [notes.VerifierKey.of(GO_KEY)])
    assert text.endswith("what your problem is.\n")


def test_a_key_writes_itself_as_it_was_read():
    assert str(notes.VerifierKey.of(GO_KEY)) == GO_KEY


def test_a_checkpoint_opens_as_it_was_signed():
    note = notes.sign(HEAD, KEY)
    assert note.startswith(f"{VERIFIER.name}\n7\n{base64.b64encode(HEAD.root).decode()}\n\n— {VERIFIER.name} ")
    assert notes.open_checkpoint(note, [VERIFIER]) == HEAD


def test_a_witness_may_add_its_signature():
    witness = notes.new_signing_key(bytes(32))
    line = notes.sign(HEAD, witness).rpartition("\n\n")[2]
    both = notes.sign(HEAD, KEY) + line
    assert notes.open_checkpoint(both, [VERIFIER]) == HEAD
    assert notes.open_checkpoint(both, [notes.verifier_key(witness)]) == HEAD


NOTE = notes.sign(HEAD, KEY)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (NOTE.replace("\n7\n", "\n8\n"), "the size was changed"),
        (NOTE.replace("\n7\n", "\n07\n"), "so was its form"),
        (
            NOTE.replace(base64.b64encode(HEAD.root).decode(), base64.b64encode(bytes(32)).decode()),
            "the head was changed",
        ),
        (NOTE.rpartition("\n\n")[0] + "\n", "nobody signed it"),
        (NOTE[:-1], "the last line has no end"),
        (NOTE + "anything\n", "a line that is no signature"),
        (notes.sign(HEAD, notes.new_signing_key(bytes(32))), "somebody else signed it"),
        (notes.sign(HEAD, KEY).replace("— ", "- "), "the sign before the name is another"),
        ("", "there is nothing"),
        ("\n\n", "there is next to nothing"),
    ],
)
def test_what_is_not_signed_as_it_stands_is_refused(note, why):
    with pytest.raises(ValueError, match=r"note|signature|sign"):
        notes.open_checkpoint(note, [VERIFIER])


@pytest.mark.parametrize("text", ["a\n", "a\nb\nc\n", f"a\n1\n{base64.b64encode(b'x').decode()}\n", "a\n-1\nAAAA\n"])
def test_a_note_that_holds_something_else_is_no_checkpoint(text):
    forged = notes.sign(text, KEY)  # signs whatever writes itself as text
    with pytest.raises(ValueError, match=r"checkpoint|hash|Base64"):
        notes.open_checkpoint(forged, [VERIFIER])


@pytest.mark.parametrize(
    "text",
    ["", "name", "name+00000000+AAAA", GO_KEY.replace("c74f", "c74e"), GO_KEY.replace("Peter", "Petra"), GO_KEY + "A"],
)
def test_a_text_that_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match=r"key|Base64"):
        notes.VerifierKey.of(text)


def test_a_signing_key_that_was_changed_is_refused_and_never_shown():
    text = KEY.reveal().decode()
    for wrong in ("", "x", text.replace("PRIVATE", "PUBLIC"), text.replace("strongroom-", "strongroom+")):
        with pytest.raises(ValueError, match=r"key|Base64") as caught:
            notes.verifier_key(Secret(wrong.encode()))
        assert text.strip().rpartition("+")[2] not in str(caught.value)
    assert "PRIVATE" not in repr(KEY)


def test_proofs_are_written_as_c2sp_says_and_read_back():
    proof = [sha256(b"a").digest(), sha256(b"b").digest()]
    text = notes.inclusion_text(5, proof, NOTE)
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 5\nypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\n")
    assert notes.open_inclusion(text) == (5, proof, NOTE)
    assert notes.open_inclusion(text.replace("index 5", "extra AAAA\nindex 5")) == (5, proof, NOTE)
    assert notes.consistency_text(3, proof, NOTE).startswith("old 3\n")
    for wrong in ("", "x\n\n", text.replace("v1", "v2"), text.replace("index 5", "index -5")):
        with pytest.raises(ValueError, match=r"proof|index"):
            notes.open_inclusion(wrong)
