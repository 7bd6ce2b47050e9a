"""Reads the fields of a policy file one by one, and collects what is wrong with them instead of stopping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from strongroom.core import yaml
from strongroom.core.escaping import is_plain
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean, nearest

PRINCIPAL = re.compile(r"(user|group):[^\s:,;*?{}]+")
WORD = re.compile(r"\w[\w.-]*")
TABLE = re.compile(r"\*|[\w*-]+(\.[\w*-]+)*")
SELECTOR = re.compile(r"\*|(classification|tag):\w[\w.-]*|[^\s*:`]([^*:`]*[^\s*:`])?")
_ANYONE = re.compile(r"(user|group):(\*|[^\s:,;*?{}]+)")


class Fields(Findings):
    """One reader for one file. Every method returns something usable, and adds a Problem when the file is wrong."""

    area = "policy"

    def keys(self, node: yaml.Node, known: Iterable[str], *, required: Iterable[str] = ()) -> None:
        """Report keys that are unknown, and required ones that are missing."""
        if not isinstance(node.value, dict):
            self.wrong_type(node, "A mapping belongs here.", f"Known keys: {', '.join(known)}.")
            return
        for name, entry in node.fields.items():
            if name not in known:
                self.unknown_field(entry, f"Unknown key {name!r}.", did_you_mean(name, known))
        for name in required:
            if name not in node and not any(
                nearest(other, known) == name for other in node.fields if other not in known
            ):
                self.missing(node, f"The key {name!r} is missing.")

    def mapping(self, node: yaml.Node | None, what: str) -> Mapping[str, yaml.Node]:
        """The entries of a mapping; empty when there is none."""
        if node is not None and node.value is not None and not isinstance(node.value, dict):
            self.wrong_type(node, f"{what!r} is a mapping of names.", "Write 'name: …' lines under it.")
        return node.fields if node is not None else {}

    def items(self, node: yaml.Node | None, what: str) -> tuple[yaml.Node, ...]:
        """The items of a list; empty when there is none."""
        if node is not None and node.value is not None and not isinstance(node.value, list):
            self.wrong_type(node, f"{what!r} is a list.", "Write '- …' lines under it.")
        return node.items if node is not None else ()

    def text(self, node: yaml.Node | None, what: str) -> str:
        """A text; empty when there is none."""
        if node is None:
            return ""
        if not isinstance(node.value, str) or not node.value.strip():
            self.wrong_type(node, f"{what!r} is a text.", "Put it in quotes." if node.value is not None else "")
            return ""
        return unicodedata.normalize("NFC", node.value)

    def words(self, node: yaml.Node | None, what: str, form: re.Pattern[str], kind: str) -> tuple[str, ...]:
        """A list of texts, each of the given form; a list that stands there must not be empty."""
        found: list[str] = []
        if node is not None and (node.value is None or node.value == []):
            self.missing(node, f"{what!r} is empty.", "Name at least one, or remove the key.")
        for item in self.items(node, what):
            if not isinstance(item.value, str) or not (form.fullmatch(item.value) and is_plain(item.value)):
                self.add(item, f"This is not {kind}.", kind="name")
            elif (word := unicodedata.normalize("NFC", item.value)) in found:
                self.twice(item, f"{word!r} stands here twice.")
            else:
                found.append(word)
        return tuple(found)

    def one_of(self, node: yaml.Node | None, what: str, known: Iterable[str]) -> tuple[str, ...]:
        """A list of words, each a known one."""
        found = self.words(node, what, WORD, "a word")
        for item in self.items(node, what) if found else ():
            if item.value in found and item.value not in known:
                self.unknown_name(item, f"{item.value!r} is none of {what}.", did_you_mean(item.value, known))
        return found

    def principals(self, node: yaml.Node | None, what: str, *, star: bool = False) -> tuple[str, ...]:
        """A list of `user:NAME` and `group:NAME`; with `star` also `user:*`."""
        kind = "a principal: write user:NAME or group:NAME"
        return self.words(node, what, _ANYONE if star else PRINCIPAL, kind)

    def moment(self, node: yaml.Node | None, what: str, *, end: bool = False) -> datetime | None:
        """A day (its start in UTC, or with `end` the start of the next) or a full time with its zone."""
        text = self.text(node, what)
        if node is None or not text:
            return None
        try:
            if len(text) == 10:
                day = datetime.combine(date.fromisoformat(text), time(), UTC)
                return day + timedelta(days=1) if end else day
            found = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.add(node, f"{what!r} is not a date.", "Write it as 2027-06-30 or 2027-06-30T12:00:00Z.", "date")
            return None
        if found.tzinfo is None:
            self.add(node, f"{what!r} is a time without zone.", "Write it as 2027-06-30T12:00:00Z.", "date")
            return None
        try:
            return found.astimezone(UTC)
        except OverflowError:
            self.add(
                node, f"{what!r} is beyond the years 1 to 9999 in UTC.", "Leave it out, if it is for all time.", "date"
            )
            return None
