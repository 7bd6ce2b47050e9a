"""Which columns a rule means: by name, by classification, by tag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from strongroom.core.contract import model
from strongroom.core.contract.protection import leaves_out, opens
from strongroom.core.contract.subject import TAG
from strongroom.core.names import folded
from strongroom.core.policy.decision import Request


def is_tag(name: str) -> bool:
    """Whether a column is the tag of data subjects, however it is written."""
    return name[:1] == TAG[0] and folded(name)[0] == TAG


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column as a selector sees it; classifications and tags are None where they are unknown."""

    name: str
    path: str
    alike: str
    classifications: frozenset[str] | None
    tags: tuple[str, ...] | None
    encrypted: bool = False


def column_of(request: Request, name: str) -> SeenColumn:
    """What a request tells about one of its columns."""
    path, alike = folded(name)
    words = request.classifications.get(name)
    known = None if words is None else _split(words)
    return SeenColumn(name, path, alike, known, request.tags.get(name), name in request.encrypted)


@lru_cache(maxsize=1_024)
def _split(words: str) -> frozenset[str]:
    return frozenset(words.split(","))


@lru_cache(maxsize=1_024)
def _alike(words: frozenset[str] | tuple[str, ...]) -> frozenset[str]:
    """Words as a look-alike of each would be written: `PII` is `pii` to whoever withholds it."""
    return frozenset(folded(word)[1] for word in words)


def classification_of(column: model.Column) -> str:
    """A contract's column as a request tells it: every classification in it, with commas where its fields differ."""
    return ",".join(sorted({leaf.classification for leaf in column.leaves()} | {column.classification} - {""}))


def tags_of(column: model.Column) -> tuple[str, ...] | None:
    """A contract's column as a request tells it; None, unknown, where the fields inside have tags of their own."""
    inside = {tag for leaf in column.leaves() for tag in leaf.tags}
    return column.tags if inside <= set(column.tags) else None


def is_encrypted(column: model.Column) -> bool:
    """Whether keys say all there is to say of a contract's column: each of its leaves is encrypted or dropped."""
    leaves = [leaf for leaf in column.leaves() if not leaves_out(leaf)]
    return bool(leaves) and all(map(opens, leaves))


@dataclass(frozen=True, slots=True)
class Selector:
    """A set of columns, in the words of a policy. Whatever is uncertain, `gives` says no and `takes` says yes."""

    everything: bool
    names: frozenset[str]
    classifications: frozenset[str]
    tags: frozenset[str]

    @classmethod
    def of(cls, selectors: Iterable[str]) -> Selector:
        """Compile selectors: names, `classification:WORD`, `tag:WORD` and `*`."""
        names, classifications, tags = set(), set(), set()
        for selector in selectors:
            kind, mark, word = selector.partition(":")
            if mark and kind == "classification":
                classifications.add(word)
            elif mark and kind == "tag":
                tags.add(word)
            else:
                names.add(folded(selector)[0])
        return cls("*" in names, frozenset(names - {"*"}), frozenset(classifications), frozenset(tags))

    def gives(self, column: SeenColumn) -> bool:
        """Whether the whole column is surely meant. Whose row it is, a column of ours tells only by its name."""
        if column.path == TAG:
            return TAG in self.names
        return self.everything or self._named(column.path) or self._described(column)

    def takes(self, column: SeenColumn) -> bool:
        """Whether any part of the column is meant, or may be."""
        if self.gives(column) or self._named(column.alike):
            return True
        if self.classifications and _alike(self.classifications) & _alike(column.classifications or ()):
            return True
        if self.tags and _alike(self.tags) & _alike(column.tags or ()):
            return True
        if (column.classifications is None and self.classifications) or (column.tags is None and self.tags):
            return True
        below = (column.path + ".", column.alike + ".")
        return any(name.startswith(below) for name in self.names)

    def _named(self, path: str) -> bool:
        if path in self.names:
            return True
        while "." in path:  # a name covers the fields inside it
            path = path.rpartition(".")[0]
            if path in self.names:
                return True
        return False

    def _described(self, column: SeenColumn) -> bool:
        return (column.classifications is not None and column.classifications <= self.classifications) or (
            column.tags is not None and not self.tags.isdisjoint(column.tags)
        )
