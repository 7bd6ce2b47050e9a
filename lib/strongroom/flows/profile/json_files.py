"""JSON that nobody has described yet: lines or a document, whatever its objects hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from strongroom.core.errors import StoreError
from strongroom.flows.profile.found import Folders, Found
from strongroom.flows.profile.sampling import Sample, bytes_in, ranges_of
from strongroom.flows.row_pass.part_reader import opened
from strongroom.quality.profile.tree import Tree, tree_of_records
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.encodings import decoder
from strongroom.quality.reading.json_document import elements
from strongroom.quality.reading.json_strict import parse
from strongroom.quality.reading.lines import lines_of, range_lines
from strongroom.stores.sources import RawFile, place_of
from strongroom.stores.sources.work_items import is_one_piece

_STEP, _BATCH, _LOOKED_AT = 8 << 20, 10_000, 100


def json_rows(
    file: RawFile, folders: Folders, sample: Sample, *, encoding: str, known: str, mark: int, head: bytes
) -> Found:
    """The objects of a file.

    Args:
        file: the file.
        folders: are fields of each object.
        sample: how much is read; a document is read as a whole.
        encoding: as a contract says it.
        known: what the file is read as.
        mark: bytes of its mark.
        head: its beginning, in UTF-8.

    Raises:
        StoreError: it is no JSON, or not of objects.
    """
    document, seen = _is_document(head), Seen()
    if document:
        with opened(file.path) as stream:
            data = decoder(known)(stream.read()[mark:], True)
        texts: Iterator[bytes] = (data[begin:end] for begin, end in elements(data, seen))
    else:
        texts = _lines(file, known, sample)
    tree, rows, torn = Tree(), 0, 0
    for records in _batches(texts):
        good = [record for record in map(_parsed, records) if record is not None]
        torn += len(records) - len(good)
        rows += len(good)
        for record in good if folders else ():
            for name, value in folders.items():
                record.setdefault(name, value)
        tree = tree.merge(tree_of_records(good, tree))
    if seen.broken is not None and rows:
        what = f"this is no whole JSON document: byte {seen.broken:,}"
        raise StoreError(what, where=file.path, code="source.damaged")
    if not rows:
        todo = "Write one object a line, or one array of objects."
        raise StoreError("there is no JSON object here", todo=todo, where=file.path, code="source.json")
    options: dict[str, str | bool] = {"encoding": encoding} if encoding != "UTF-8" else {}
    options |= {"document": True} if document else {}
    total = rows + torn if document or sample.all else -1
    size = file.size if document else bytes_in(sample, file.size, whole=is_one_piece(file))
    return Found(tree, "json", tuple(options.items()), rows=rows, torn=torn, total=total, bytes=size)


def is_json(head: bytes) -> bool:
    """Whether a text is of JSON: it begins so, or most lines of its beginning are objects."""
    return head.lstrip()[:1] in (b"{", b"[") or _more_objects(head)


def _is_document(head: bytes) -> bool:
    """Whether a file is one array, or one object on several lines; a line that is torn makes none of the others so."""
    first, _, rest = head.lstrip().partition(b"\n")
    return bool(rest.strip() or first[:1] == b"[") and parse(first) is None and not _more_objects(head)


def _more_objects(head: bytes) -> bool:
    """Whether more of the first lines are whole objects than are not."""
    lines = [line for line in head.split(b"\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    return 2 * sum(parse(line) is not None for line in lines) > len(lines)


def _lines(file: RawFile, known: str, sample: Sample) -> Iterator[bytes]:
    """The lines of a JSON file that are read."""
    if sample.all or is_one_piece(file):
        with opened(file.path) as stream:
            read, most = 0, sample.of(file.size)
            for array in lines_of(iter(lambda: stream.read(_STEP), b""), encoding=known):
                yield from array.to_pylist()
                read += array.nbytes
                if not sample.all and read > most:
                    return
        return
    filesystem, path = place_of(file.path)
    with filesystem.open_input_file(path) as raw:
        for start, stop in ranges_of(sample, file.size, whole=False):
            for array in range_lines(raw, start, stop if stop >= 0 else file.size, encoding=known):
                yield from array.to_pylist()


def _parsed(text: bytes) -> dict[str, Any] | None:
    return parse(text, apart=True)


def _batches(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for text in texts:
        if text.strip():
            batch.append(text)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
