"""Whether a rotation is due: who may have kept a key of what they may no longer see, and does it open anything."""

from __future__ import annotations

from collections.abc import Iterable

from strongroom.core.errors import KeyFault
from strongroom.core.run import Job
from strongroom.flows.keys.wrap_changes import Wrapping
from strongroom.govern.levels.cryptographic import Holding, Sealed, kept
from strongroom.protect.key_coverage import rows_by_key
from strongroom.stores.lake import Lake
from strongroom.stores.lake.text_columns import texts_of


def due_of(job: Job, found: Wrapping) -> list[str]:
    """What is left to do before nobody who may not see a column any more can open what lies in it now."""
    lines = []
    for each in found.wanted:
        if each.keys and (gone := found.strangers(each)):
            fault = known_to(each, gone)
            lines.append(f"  due: {fault.what} ({fault.where}). {fault.todo}")
    lake, opened = Lake(job.settings.lake), kept(found.record, found.wanted)
    for (name, key_id), people in sorted(opened.items()):
        columns = [each for each in found.sealed if each.key == name]
        lying = found.ring.primary == key_id or _lie(lake, columns, key_id)
        if lying:
            what = ", ".join(each.name for each in columns) or name
            lines.append(f"  due: {', '.join(sorted(people))} may have kept key {key_id:08x} of {what}")
    return lines


def known_to(each: Holding, gone: Iterable[str]) -> KeyFault:
    return KeyFault(
        f"{', '.join(sorted(gone))} left the role {each.role.name!r} and may still have its key-encryption key",
        where=each.role.where,
        todo="Name another one (`key:`) for the role, and give it to its members.",
        code="key.due",
    )


def _lie(lake: Lake, columns: Iterable[Sealed], key_id: int) -> bool:
    """Whether a value of these columns lies under that master key in a table's newest version."""
    tops: dict[str, set[str]] = {}
    for each in columns:
        for zone in ("training", "curated", "dropped", "features"):
            tops.setdefault(f"{zone}.{each.table.partition('.')[2]}", set()).add(each.path.split(".")[0].split("[")[0])
    return any(
        rows_by_key(values, {key_id}).get(key_id)
        for table, names in tops.items()
        for _, values in texts_of(lake, table, columns=names)
    )
