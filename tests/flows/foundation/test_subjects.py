"""Names of people come in as the raw data write them, and go on as tags."""

import io
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import StoreError, UsageError
from strongroom.flows.foundation import subjects
from strongroom.protect import subject_tags
from strongroom.stores.keys import open_keyring, with_subjects

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
servers: [{{server: raw, type: local, path: raw/{name}, format: json}}]
schema:
  - name: {name}
    properties:
      - name: who
        logicalType: {type}
        required: true
        customProperties:
          - {{property: protect, value: {protect}}}
          - {{property: subject, value: true}}
"""


def contract(name, kind, protect):
    return parse_contract(CONTRACT.format(name=name, type=kind, protect=protect), f"{name}.yaml")


@pytest.fixture
def ring(tmp_path):
    return with_subjects(open_keyring(f"file:{tmp_path}/kek", f"{tmp_path}/keyring.json", create=True))


def test_a_name_is_read_as_each_contract_reads_it(ring):
    person = "{method: hash, domain: person}"
    notes, visits = contract("notes", "string", person), contract("visits", "integer", person)
    own = contract("own", "string", "{method: keep}")
    names = ("7", "ann", "07")
    found = subjects.tags_of(names, [notes, visits, own], keyring=ring)
    assert list(found) == [("domain", "person"), ("column", "training.own", "who")]
    texts = subject_tags.tagger(notes.columns[0], table=notes.training, keyring=ring)(pa.array(names)).to_pylist()
    (number,) = subject_tags.tagger(visits.columns[0], table=visits.training, keyring=ring)(pa.array([7], pa.int64()))
    assert found["domain", "person"] == ({texts[0]}, {texts[1]}, {texts[2], number.as_py()})
    assert texts[0] == number.as_py()
    assert subjects.tags_of(names, [visits], keyring=ring)["domain", "person"][1] == frozenset()
    assert not found["column", "training.own", "who"][1] & found["domain", "person"][1]


def test_names_come_from_a_file_or_standard_input(tmp_path, monkeypatch):
    file = tmp_path / "who"
    file.write_bytes("\ufeffann\r\n\n bob \nann\n".encode())
    assert subjects.asked(str(file)) == ("ann", " bob ")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"cy\n"), isatty=lambda: False))
    assert subjects.asked("-") == ("cy",)
    for nobody in ("", "-"):
        with pytest.raises(UsageError):
            subjects.asked(nobody)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_told(tmp_path, content):
    file = tmp_path / "who"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreError) as error:
        subjects.asked(str(file))
    assert error.value.code == ("file.encoding" if content else "file.unreadable")
