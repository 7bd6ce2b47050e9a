"""The rows of a source that nobody has described yet, as a tree of tallies: read by the project's own readers.

A file is read by a draft of a contract: all its columns as texts, or by the types that it says itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from strongroom.core.errors import StoreError
from strongroom.flows.profile.csv_files import CsvFiles, all_said
from strongroom.flows.profile.found import Folders, Found, head_of, together
from strongroom.flows.profile.json_files import is_json, json_rows
from strongroom.flows.profile.sampling import Sample
from strongroom.flows.profile.typed_files import parquet
from strongroom.flows.row_pass.part_reader import errors_told, opened
from strongroom.quality.profile.csv_guess import Bytes
from strongroom.quality.profile.tree import Tree
from strongroom.quality.reading.encodings import LONGEST_MARK, decoder, encoding_of
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.hive_folders import folders_of
from strongroom.stores.sources.work_items import Part

_STEP, _HEAD = 8 << 20, 1 << 20
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (a workbook, say)", b"Obj\x01": "Avro", b"ORC": "ORC", b"SQLite format 3": "SQLite",
    b"\xd0\xcf\x11\xe0": "an old Office document", b"%PDF": "PDF", b"<?xml": "XML", b"ARROW1": "Arrow IPC",
}  # fmt: skip


@dataclass(slots=True)
class Reader:
    """Reads the files of one source.

    Args:
        sample: which part of the files is read.
        fixed: what stands before the source's own path in the files' paths (`fixed_of`).
        given: reader options that somebody has said, by their names in a contract.
    """

    sample: Sample
    fixed: str
    given: dict[str, str | bool] = field(default_factory=dict)
    csv: CsvFiles = field(init=False)

    def __post_init__(self) -> None:
        self.csv = CsvFiles(self.sample, self.given)

    def file(self, file: RawFile) -> Found:
        """All that is to be read of one file.

        Raises:
            StoreError: it cannot be read, or is no table of a format that is read.
        """
        with errors_told(file.path):
            head = head_of(file.path, 64 << 10)
            folders = folders_of(file.path, self.fixed)
            if head.startswith(b"PAR1"):
                return parquet(Part(0, file.path), folders, self.sample)
            for magic, name in _MAGIC.items():
                if head.lstrip().startswith(magic):
                    todo = "Write it as Parquet, JSON or CSV."
                    raise StoreError(f"this is {name}, which is not read", todo=todo, code="source.type")
            return self._text(file, folders)

    def all_by(self, files: Sequence[RawFile], options: dict[str, str | bool], names: Collection[str]) -> Found | None:
        """What CSV files give by one dialect, each of them these columns; None where a file is written in another."""
        one = Reader(self.sample, self.fixed, all_said(options))
        found = Found(Tree(), "csv", total=0)
        for file in files:
            try:
                read = one.file(file)
            except StoreError:
                return None
            if read.torn or read.format != "csv" or read.tree.fields.keys() != {*names}:
                return None
            found = together(found, read)
        return found

    def _text(self, file: RawFile, folders: Folders) -> Found:
        said = self.given.get("encoding")
        encoding = str(said) if said else _bytes_of(file, self.sample).encoding
        head = head_of(file.path, _HEAD + LONGEST_MARK)
        known, mark = encoding_of(head[:LONGEST_MARK], encoding)
        whole = len(head) < _HEAD
        text = decoder(known)(head[mark : mark + _HEAD], whole)
        if is_json(text):
            try:
                return json_rows(file, folders, self.sample, encoding=encoding, known=known, mark=mark, head=text)
            except StoreError as error:
                if error.code != "source.json" or file.path.lower().endswith((".json", ".jsonl", ".ndjson")):
                    raise
        return self.csv.rows(file, folders, encoding=encoding, known=known, mark=mark, head=text, whole=whole)


def _bytes_of(file: RawFile, sample: Sample) -> Bytes:
    """What the bytes of a file say of its character set: of all of it, or of as much as is read."""
    found, read = Bytes(), 0
    with opened(file.path) as stream:
        while piece := stream.read(_STEP):
            found.add(piece)
            read += len(piece)
            if not sample.all and read >= sample.of(file.size):
                return found
    found.add(b"", last=True)
    return found
