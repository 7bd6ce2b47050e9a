"""Cases on what leaves our hands: exported policies, and files with the keys of a role."""

from __future__ import annotations

from collections.abc import Callable

from bypass import files, platforms, sealed
from bypass.judge import LEAKS, NOTHING, REFUSED, Attempt
from bypass.words import (
    CRYPTOGRAPHIC,
    LOOKED,
    PLATFORM,
    Case,
    Try,
)


def exported(name: str, how: Attempt, outcome: str, wants: str, why: str, because: str = "") -> Case:
    control = platforms.owner if outcome != LEAKS else None
    return Case(f"on a platform: {name}", "platform", why, {PLATFORM: Try(how, outcome, wants, because, control)})


EXPORTED = [
    exported("a withheld column", platforms.everywhere(platforms.EVE), NOTHING, "exported column", "null", LOOKED),
    exported("a masked value", platforms.everywhere(platforms.EVE), NOTHING, "exported mask", "masked", LOOKED),
    exported(
        "a withheld row, and one where the condition is unknown",
        platforms.everywhere(platforms.EVE),
        NOTHING,
        "exported row",
        "filtered",
        LOOKED,
    ),
    exported(
        "somebody in no role", platforms.everywhere("user:mallory"), REFUSED, "exported column", "no right", "Refused"
    ),
    exported(
        "a second role that gives what the first withholds",
        platforms.everywhere("user:both"),
        NOTHING,
        "exported column",
        "what takes away takes from all",
        LOOKED,
    ),
    exported(
        "a name in another case",
        platforms.everywhere("user:EVE"),
        REFUSED,
        "exported column",
        "another user",
        "Refused",
    ),
    exported(
        "a group whose name is no role's",
        platforms.on("unity", platforms.EVE, groups=("readers",)),
        REFUSED,
        "exported column",
        "rights are the role's group's",
        "Refused",
    ),
    exported(
        "a grant that has ended, in Ranger",
        platforms.after_the_end("ranger"),
        REFUSED,
        "exported column",
        "Ranger keeps dates itself",
        "Refused",
    ),
    exported(
        "a grant that has ended, in Unity Catalog",
        platforms.after_the_end("unity"),
        LEAKS,
        "exported column",
        "until the next export",
    ),
    exported(
        "a grant that has ended, under Iceberg's restrictions",
        platforms.after_the_end("iceberg"),
        LEAKS,
        "exported column",
        "until the next export",
    ),
    exported(
        "a column of later, in Unity Catalog",
        platforms.column_of_later,
        LEAKS,
        "exported column",
        "a table's new column has no mask before the next export",
    ),
    exported(
        "a group with more members than the role, in Unity Catalog",
        platforms.on("unity", "user:mallory", groups=("whole",)),
        LEAKS,
        "exported column",
        "the directory's",
    ),
    exported(
        "another purpose",
        platforms.everywhere(platforms.EVE),
        LEAKS,
        "exported given",
        "the export's is the only one",
    ),
    exported(
        "the path, or a reader that ignores restrictions",
        platforms.engine_of_the_platform_left_out,
        LEAKS,
        "exported column",
        "a platform binds whoever comes through it",
    ),
]


def held(name: str, how: Attempt, outcome: str, why: str, because: str = "", control: Callable | None = None) -> Case:
    """Something by somebody who holds every file of the lake and another column's keys."""
    control = control or (sealed.owners_search if outcome != LEAKS else None)
    return Case(f"by keys: {name}", "keys", why, {CRYPTOGRAPHIC: Try(how, outcome, "email", because, control)})


def cells(name: str, read: sealed.Read) -> Case:
    why = "cells open by their column's key alone"
    return held(name, sealed.with_my_keys(read), NOTHING, why, LOOKED, sealed.with_their_keys(read))


def unopened(name: str, how: Attempt, why: str) -> Case:
    return held(name, how, REFUSED, why, "KeyFault")


KEYS = [
    cells("cells by deltalake", sealed.by_delta),
    cells("cells of the files", sealed.by_parquet),
    cells("cells by DuckDB", sealed.by_duck),
    cells("cells of older versions", sealed.by_version),
    cells("cells of another role's projection", sealed.by_projection),
    held("every byte of the lake", sealed.every_byte, NOTHING, "encrypted, or sealed in quarantine", LOOKED),
    held("footers and their statistics", files.footers, NOTHING, "of ciphertext", LOOKED),
    held("the Delta log", files.delta_log, NOTHING, "no statistics of protected columns", LOOKED),
    held("record and keyring", sealed.record_of_keys, NOTHING, "names and wrapped keys", LOOKED),
    unopened("our code with one's own keys", sealed.our_code, "the role does not hold the column's key"),
    unopened("another role's file", sealed.anothers_file, "wrapped under that role's key-encryption key"),
    unopened("another role's file, renamed", sealed.anothers_file_renamed, "bound to the role's name"),
    unopened("another role's keysets in one's own file", sealed.anothers_keyset_in_mine, "sealed under its file's key"),
    unopened("another role's key in one's own file", sealed.anothers_key_in_mine, "wrapped for that role"),
    unopened("one's own keyset under the other's name", sealed.my_key_under_their_name, "sealed under its name"),
    unopened("a file with flipped bits", sealed.flipped_bits, "authenticated"),
    unopened("the installation's keyring", sealed.keyring, "wrapped under the installation's own key"),
    held("a file kept, after the rotation", sealed.kept_file_today, NOTHING, "all lies under a new key", LOOKED),
    held("cells moved into one's own column", sealed.cells_moved, NOTHING, "bound to table and column", LOOKED),
    held("guessing by encrypting", sealed.guessed, NOTHING, "one needs the column's key to seal for it", LOOKED,
         sealed.guessed_by_their_keys),
    held("a file kept, on versions of before the rotation", sealed.kept_file_on_older_versions, LEAKS,
         "they lie there until VACUUM, under the key that was given"),
    held("keys another reader opened in one's process", sealed.another_reader_in_the_process, LEAKS,
         "memory is no boundary"),
]  # fmt: skip
ELSEWHERE = [*EXPORTED, *KEYS]
