"""Cases on what leaves our hands: exported policies, and files with the keys of a role."""

from __future__ import annotations

from collections.abc import Callable

from bypass import files, platforms, sealed, session
from bypass import own as one
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


EMAIL, ENDED = "columns: {allow: [email]},", "until: 2020-01-01"
GUESS = "rows: \"email = 'planted.person@secret.example'\","
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


def lying(name: str, how: Attempt, known: str = "", *, spark: bool = False) -> Case:
    """Looking through files that one holds: what is open there is found, and the column is ciphertext."""
    tried = Try(how, NOTHING, "email", LOOKED, sealed.owners_search, known=known, spark=spark)
    return Case(f"by keys, {'in Spark' if spark else 'in files'}: {name}", "keys", "ciphertext", {CRYPTOGRAPHIC: tried})


def own(name: str, how: Attempt, outcome: str, why: str, because: str = LOOKED) -> Case:
    """Something with settings and a policy of one's own: they say yes, and give no key."""
    tried = Try(how, outcome, "email", because, sealed.owners_search, spark=True)
    return Case(f"by keys, with a policy of one's own: {name}", "keys", why, {CRYPTOGRAPHIC: tried})


ROW, WORD = "r-100001", "positive"
"""What is open in the table, so that a search which finds it has looked."""
BY_KEYS = [
    lying("the files, packed and unpacked", files.plain_files, ROW),
    lying("deltalake on the path", files.delta_reader, ROW),
    lying("pyarrow on the files", files.arrow_dataset, ROW),
    lying("a file URI", files.file_uri, ROW),
    lying("DuckDB on the files", files.duck, ROW),
    lying("a view in a database of one's own", files.duck_attached, ROW),
    lying("our library without the policy", files.our_own_code, ROW),
    lying("dots in the path", files.dots, ROW),
    lying("relative names from a folder", files.from_within, ROW),
    lying("a symbolic link to the table", files.symbolic_link, ROW),
    lying("a hard link to a file", files.hard_link, ROW),
    lying("a Delta table of one's own that names the files", files.forged_table, WORD),
    lying("another role's projection", files.another_role, WORD),
    lying("files of another role's projection", files.another_role_files, WORD),
    lying("an older version", files.older_version_of_the_source, ROW),
    lying("an older version, for an erased row", files.an_older_version, ROW),
    lying("every byte of the table", files.whole_bytes, ROW),
    lying("the change feed", files.change_feed),
    lying("actions in the Delta log, with their statistics", files.add_actions),
    lying("the history of the table", files.history),
    lying("the Delta log of the table", files.log_of_the_source),
    lying("quarantine, as it lies", files.quarantine_files),
    lying("reports", files.leftovers("reports"), WORD),
    lying("the metrics table", files.leftovers("strongroom/metrics"), WORD),
    lying("the table of runs", files.leftovers("strongroom/runs")),
    lying("the manifest", files.leftovers("strongroom/manifest")),
    lying("the audit log", files.leftovers("strongroom/audit", end=".jsonl")),
    lying("the names of files", files.list_the_lake),
    lying("Spark on the path", session.load_by_path, ROW, spark=True),
    lying("SQL on the path", session.sql_by_path, ROW, spark=True),
    lying("Spark on the Parquet files", session.as_parquet, ROW, spark=True),
    lying("Spark on an older version", session.older_version, ROW, spark=True),
    lying("a table of one's own in the catalog", session.catalog_table, ROW, spark=True),
    own("everything, advisory", one.given("advisory"), NOTHING, "the column comes as it lies"),
    own("a condition on the column", one.given("advisory", columns=GUESS), NOTHING, "it is compared as it lies"),
    own("the column, by keys", one.given("cryptographic", columns=EMAIL), REFUSED, "one's role has no such key",
        "KeyFault"),
    own("a grant that has ended, the clock set back", one.given("cryptographic", columns=EMAIL, dates=ENDED,
        when=one.BEFORE), REFUSED, "a key does not know the time", "KeyFault"),
    own("the table's path as its name", one.another_name("delta.`LAKE/training/reviews`"), REFUSED, "no plain name",
        "Refused"),
    own("a look-alike of the table's name", one.another_name("training.rеviews"), REFUSED, "another table", "Refused"),
    own("`reveal`", one.revealed, NOTHING, "it stops before it opens anything"),
    own("`keys export`", one.exported, NOTHING, "it stops before it derives anything"),
    own("our functions, with one's own role", one.functions_with_my_role, REFUSED, "not among its keys", "KeyFault"),
    own("our functions, with another role's file", one.functions_with_their_role, REFUSED, "wrapped for that role",
        "KeyFault"),
    own("our functions, with the keyring", one.functions_with_the_keyring, REFUSED, "wrapped by the installation's",
        "KeyFault"),
]  # fmt: skip
ELSEWHERE = [*EXPORTED, *KEYS, *BY_KEYS]
