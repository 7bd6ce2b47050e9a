"""The corpus: every attempt, how it is made at each level, how it must end, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bypass import asking, files, machine, platforms, sealed, session
from bypass.judge import LEAKS, NOTHING, REFUSED, Attempt

ADVISORY, PLATFORM, PHYSICAL, CRYPTOGRAPHIC = "advisory", "platform", "physical", "cryptographic"
SYSTEM = "ermission denied|not permitted"
"""What the operating system says."""
LOOKED = "looked through"
NO_SUCH = "o such file|ot found|o files"
OWNER = "owner"


@dataclass(frozen=True)
class Try:
    """An attempt at one level.

    Args:
        how: the attempt.
        outcome: how it must end.
        wants: which secret it is after.
        because: a pattern of what must be seen when it is stopped.
        control: an attempt that must find the secret at this level: `OWNER` is the same one, made by the owner; None
            where the outcome itself is that it leaks.
        known: for a search of what holds no secret: a word that the same search must find there.
        hats: the roles whose groups the attacker is in.
        spark: whether it needs a session.
    """

    how: Attempt
    outcome: str
    wants: str
    because: str = ""
    control: Callable | str | None = None
    known: str = ""
    hats: tuple[str, ...] = ("science",)
    spark: bool = False


@dataclass(frozen=True)
class Case:
    """One way around the policy; `why` says what stops it, or why nothing does."""

    name: str
    topic: str
    why: str
    at: dict[str, Try] = field(default_factory=dict)


def leaks(how: Attempt, wants: str, **more: object) -> Try:
    return Try(how, LEAKS, wants, **more)


def refused(how: Attempt, wants: str, control: Callable | str = OWNER, because: str = SYSTEM, **more: object) -> Try:
    return Try(how, REFUSED, wants, because, control, **more)


def nothing(
    how: Attempt, wants: str, control: Callable | str | None = OWNER, because: str = LOOKED, **more: object
) -> Try:
    return Try(how, NOTHING, wants, because, control, **more)


def guarded(name: str, topic: str, how: Attempt, wants: str = "column") -> Case:
    """Something of the lake that is opened by path: whoever has the files has it; another user is refused."""
    why = "files open to who may open files; the physical level closes them to other users"
    return Case(name, topic, why, {ADVISORY: leaks(how, wants), PHYSICAL: refused(how, wants)})


def asked(name: str, how: Attempt, why: str, because: str = "Refused") -> Case:
    """Something `read_table` is asked for, and refuses."""
    control = asking.plainly
    return Case(name, "names", why, {ADVISORY: Try(how, REFUSED, "column", because, control)})


def in_session(name: str, topic: str, how: Attempt, outcome: str, wants: str, why: str, **more: object) -> Case:
    return Case(name, topic, why, {ADVISORY: Try(how, outcome, wants, spark=True, **more)})


PATHS = [
    guarded("files of the table", "path", files.plain_files),
    guarded("deltalake on the path", "path", files.delta_reader),
    guarded("pyarrow on the files", "path", files.arrow_dataset),
    guarded("a file URI", "path", files.file_uri),
    guarded("DuckDB on the files", "path", files.duck),
    guarded("a view in a database of one's own", "views", files.duck_attached),
    guarded("our library without the policy", "path", files.our_own_code),
    guarded("dots in the path", "path", files.dots),
    guarded("relative names from a folder that is given", "path", files.from_within),
    guarded("a symbolic link to the table", "links", files.symbolic_link),
    guarded("a hard link to a file", "links", files.hard_link),
    guarded("a Delta table of one's own that names the files", "temporary names", files.forged_table),
    guarded("listing the lake", "path", files.list_the_lake, "layout"),
    guarded("sizes and times of files", "path", files.sizes_and_times, "layout"),
    guarded("raw files", "path", files.raw_files, "email"),
    guarded("another role's projection", "path", files.another_role, "other token"),
    guarded("files of another role's projection", "path", files.another_role_files, "other token"),
    guarded("the table of a grant that has ended", "expired", files.expired_grant_source, "late"),
    guarded("keys", "path", files.keys, "key"),
    guarded("an older version of the table", "time travel", files.older_version_of_the_source, "gone"),
    guarded("names of raw files in the manifest", "leftovers", files.leftovers("strongroom/manifest"), "name"),
]
PROCESSES = [
    guarded("the lake as another process sees it", "links", machine.through_a_process),
    guarded("the working folder of a process", "links", machine.working_folder_of_a_process),
    guarded("open files of a process", "links", machine.open_files_of_a_process),
    guarded("environment of a process", "leftovers", machine.environment_of_a_process, "job"),
    guarded("memory of a process", "caches", machine.memory_of_a_process, "job"),
]


def own(name: str, topic: str, how: Attempt, wants: str, why: str, **more: object) -> Case:
    """Something about what the role is given: the table itself where the level is advisory, else its projection."""
    return Case(name, topic, why, {ADVISORY: leaks(how, wants), PHYSICAL: nothing(how, wants, **more)})


def bare(name: str, topic: str, how: Attempt, known: str) -> Case:
    """What a table says of itself, its own or a projection's, holds no value."""
    both = Try(how, NOTHING, "row", LOOKED, OWNER, known=known)
    return Case(name, topic, "the log holds no minima of open texts", {ADVISORY: both, PHYSICAL: both})


def left(name: str, how: Attempt, known: str, topic: str = "leftovers") -> Case:
    """What jobs leave beside the tables holds no value; and the physical level closes it, too."""
    return Case(
        name, topic, "no value is written there", {
            ADVISORY: Try(how, NOTHING, "column", LOOKED, known=known),
            PHYSICAL: Try(how, REFUSED, "column", SYSTEM, OWNER, known=known),
        },
    )  # fmt: skip


def written(name: str, how: Attempt) -> Case:
    """A change to what is not the attacker's; who has the files as the jobs' user can make it."""
    why = "readers own nothing of a lake"
    return Case(name, "links", why, {ADVISORY: leaks(how, "given"), PHYSICAL: refused(how, "given")})


NOT_IN = "what is withheld is not in a projection's files"
GIVEN = [
    own("every byte of what is given, for a withheld column", "path", files.whole_bytes, "column", NOT_IN),
    own("every byte of what is given, for a withheld row", "path", files.whole_bytes, "row", NOT_IN),
    own("every byte of what is given, for a masked value", "path", files.whole_bytes, "mask", NOT_IN),
    own("every byte of what is given, for the table's tokens", "path", files.whole_bytes, "token", "re-keyed"),
    own("Parquet footers", "statistics", files.footers, "column", "footers hold no statistics"),
    bare("the Delta log of what is given", "statistics", files.delta_log, "label"),
    bare("actions in the Delta log, with their statistics", "statistics", files.add_actions, "num_records"),
    bare("the history of what is given", "time travel", files.history, "operation"),
    own(
        "an older version, for an erased row",
        "time travel",
        files.an_older_version,
        "gone",
        "its files are deleted with the refresh",
        because=NO_SUCH,
    ),
    own(
        "an older version, for a column taken back",
        "time travel",
        files.an_older_version,
        "taken",
        "its files are deleted with the refresh",
        because=NO_SUCH,
    ),
    own("files that no version needs", "time travel", files.whole_bytes, "gone", "deleted at once, not after a week"),
    Case(
        "the path of a grant that has ended",
        "expired",
        "the projection is deleted by `project`",
        {PHYSICAL: nothing(files.expired_grant, "late", files.expired_grant_source, NO_SUCH)},
    ),
    Case(
        "tokens of two roles",
        "two groups",
        "tokens are under a key of the role",
        {
            ADVISORY: leaks(files.tokens_in_common, "token"),
            PHYSICAL: nothing(files.tokens_in_common, "token", hats=("left", "right")),
        },
    ),
    Case(
        "two projections, for what one of the roles withholds",
        "two groups",
        "what is taken from one member is taken from all",
        {PHYSICAL: nothing(files.two_hats, "column", hats=("left", "right"))},
    ),
    Case(
        "kept columns of two roles",
        "two groups",
        "what two roles are given in clear can be compared",
        {
            ADVISORY: leaks(files.ids_in_common, "kept"),
            PHYSICAL: leaks(files.ids_in_common, "kept", hats=("left", "right")),
        },
    ),
    Case(
        "guessing what a hash without key hides",
        "masks",
        "sha-256-global has no key, as Iceberg defines it",
        {ADVISORY: leaks(files.guess_a_hash, "mask"), PHYSICAL: leaks(files.guess_a_hash, "mask", hats=("sales",))},
    ),
    Case(
        "reading by path after the policy has changed",
        "expired",
        "until `project` runs",
        {PHYSICAL: leaks(files.what_is_given, "column", hats=("former",))},
    ),
    Case(
        "using for one purpose what was given for another",
        "purposes",
        "a file does not know why it is read",
        {PHYSICAL: leaks(files.what_is_given, "given")},
    ),
    Case(
        "counting rows and files of a projection",
        "statistics",
        "its reader sees them",
        {PHYSICAL: leaks(files.count_rows, "count")},
    ),
    Case(
        "a new folder at the lake's top",
        "path",
        "until `project` closes it",
        {PHYSICAL: leaks(files.new_folder, "column")},
    ),
    left("the table's Delta log", files.log_of_the_source, "text_content", "statistics"),
    left("quarantine, as it lies", files.quarantine_files, "rating", "quarantine"),
    left("reports", files.leftovers("reports"), "text_content", "reports"),
    left("the metrics table", files.leftovers("strongroom/metrics"), "text_content", "metrics"),
    left("the table of runs", files.leftovers("strongroom/runs"), "reviews", "metrics"),
    left("the audit log", files.leftovers("strongroom/audit"), "user:engineer", "leftovers"),
]
CHANGES = [
    written("a file put into the projection", machine.plant_a_file),
    written("a link put into the projection", machine.plant_a_link),
    written("a commit to the projection's log", machine.change_the_log),
    written("another folder in the projection's place", machine.swap_a_folder),
    written("the projection's owner", machine.take_the_folder),
    written("the policy's file", machine.change_the_policy),
    written("a link among the raw files", machine.write_raw),
    guarded("modes of the lake's folders", "links", machine.open_the_mode),
    Case(
        "a name space of one's own",
        "links",
        "root of a name space is nobody outside it",
        {PHYSICAL: refused(machine.name_space_of_ones_own, "column")},
    ),
    Case(
        "a file by its handle",
        "links",
        "the kernel asks for a right that only root has",
        {PHYSICAL: refused(machine.by_handle, "column")},
    ),
    Case(
        "joining the group of another role",
        "two groups",
        "the kernel asks for a right that only root has",
        {PHYSICAL: refused(machine.group_of_another, "other token")},
    ),
]
NAMES = [
    asked("as the table's name: another case", asking.name("TRAINING.Reviews"), "the same denies, and no such folder"),
    *(asked(f"as the table's name: {name}", asking.name(text), why) for name, text, why in asking.NAMES),
    *(asked(f"by name: {name}", asking.name(text), why) for name, text, why in asking.OTHERS),
    *(asked(f"as the principal: {name}", asking.as_somebody(who), why) for name, who, why in asking.PEOPLE),
    asked("a grant that has ended", asking.name("training.letters"), "time is weighed"),
    Case(
        "forged and foreign tokens",
        "forged tokens",
        "tests/stores/test_identity.py names all 22",
        {ADVISORY: Try(asking.with_forged_tokens, REFUSED, "column", "all 22", asking.with_a_good_token)},
    ),
    asked("no purpose", asking.as_somebody("user:eve", ""), "a grant for a purpose needs the purpose"),
    asked("another purpose", asking.as_somebody("user:eve", "advertising"), "a grant for a purpose needs the purpose"),
    asked("who grants wants to read", asking.as_somebody("user:noor", ""), "who grants does not read"),
    asked("another's name, where identity is proven", asking.acting_for_another, "it takes a grant of `act`"),
]
PLAINLY = asking.plainly
SESSION = [
    in_session(
        "a second role that gives what the first withholds",
        "two groups",
        asking.as_somebody("user:both", ""),
        NOTHING,
        "column",
        "being in a second role opens nothing",
        because=LOOKED,
        control=PLAINLY,
    ),
    in_session(
        "a group as the principal",
        "two groups",
        asking.as_somebody("group:lab"),
        NOTHING,
        "column",
        "a group has what its roles have",
        because=LOOKED,
        control=PLAINLY,
    ),
    in_session(
        "a withheld column in another case",
        "columns",
        session.column_in_another_case,
        NOTHING,
        "column",
        "it is not in the DataFrame",
        because="UNRESOLVED_COLUMN",
        control=PLAINLY,
    ),
    in_session(
        "rows past the filter by sampling, joins, groups",
        "rows",
        session.sampled_past_the_filter,
        NOTHING,
        "row",
        "they work on what is given",
        because=LOOKED,
        control=PLAINLY,
    ),
    in_session(
        "a view in the table's name",
        "temporary names",
        session.view_named_like_the_table,
        NOTHING,
        "column",
        "tables are read by path",
        because=LOOKED,
        control=PLAINLY,
    ),
    in_session(
        "a copy of what is given",
        "temporary names",
        session.temporary_files,
        NOTHING,
        "column",
        "only what is given is written",
        because=LOOKED,
        control=PLAINLY,
    ),
    in_session(
        "the query plan",
        "plans and the UI",
        session.plan_text,
        NOTHING,
        "column",
        "it shows masks and row conditions, not values",
        because=LOOKED,
        known="neutral",
    ),
    in_session(
        "the optimizer's statistics",
        "statistics",
        session.statistics_of_the_optimizer,
        NOTHING,
        "column",
        "sizes only",
        because=LOOKED,
        known="sizeInBytes",
    ),
    in_session("Spark on the path", "path", session.load_by_path, LEAKS, "column", "whoever has the files reads them"),
    in_session("SQL on the path", "path", session.sql_by_path, LEAKS, "column", "whoever has the files reads them"),
    in_session("Spark on the Parquet files", "path", session.as_parquet, LEAKS, "column", "as above"),
    in_session("Spark on an older version", "time travel", session.older_version, LEAKS, "gone", "as above"),
    in_session(
        "a table of one's own in the catalog", "temporary names", session.catalog_table, LEAKS, "column", "as above"
    ),
    in_session(
        "a view somebody left in a shared session",
        "views",
        session.view_of_another,
        LEAKS,
        "column",
        "a view has the rights of whoever made it",
    ),
    in_session("a cached DataFrame", "caches", session.cached_frame, LEAKS, "column", "what was read stays read"),
    in_session(
        "the plan, with filter and select taken out",
        "plans and the UI",
        session.plan_undone,
        LEAKS,
        "column",
        "the plan belongs to the caller's session",
    ),
    in_session(
        "metadata columns",
        "metadata columns",
        session.metadata_columns,
        NOTHING,
        "path",
        "it is not in the DataFrame",
        because="UNRESOLVED_COLUMN",
        control=session.metadata_of_the_source,
    ),
    in_session(
        "input files of a DataFrame",
        "metadata columns",
        session.input_files,
        LEAKS,
        "path",
        "the path of a file is told; it opens nothing by itself",
    ),
    in_session(
        "our code replaced",
        "caches",
        session.our_code_replaced,
        LEAKS,
        "column",
        "the code that decides runs in the caller's process",
    ),
    in_session(
        "the clock set back", "expired", asking.with_the_clock_set_back, LEAKS, "late", "the caller says the time"
    ),
    in_session(
        "a purpose that is not true",
        "purposes",
        asking.as_somebody("user:eve"),
        LEAKS,
        "given",
        "the caller says the purpose",
    ),
    in_session(
        "a principal asserted, where nothing proves it",
        "names",
        asking.as_somebody("user:engineer", ""),
        LEAKS,
        "column",
        "the settings may leave identity unproven",
    ),
    in_session(
        "a condition on a withheld column",
        "columns",
        session.condition_on_a_withheld_column,
        NOTHING,
        "column",
        "it is not in the DataFrame",
        because="UNRESOLVED_COLUMN",
        control=PLAINLY,
    ),
    in_session(
        "an order by a withheld column",
        "columns",
        session.order_by_a_withheld_column,
        NOTHING,
        "column",
        "it is not in the DataFrame",
        because="UNRESOLVED_COLUMN",
        control=PLAINLY,
    ),
    in_session(
        "an error that quotes a withheld column",
        "error messages",
        session.error_message,
        NOTHING,
        "column",
        "it is not in the DataFrame",
        because="UNRESOLVED_COLUMN",
        control=PLAINLY,
    ),
    in_session(
        "an error that quotes a withheld row",
        "error messages",
        session.error_message_of_a_withheld_row,
        NOTHING,
        "row",
        "the policy's filter comes first",
        because=LOOKED,
        control=PLAINLY,
    ),
    in_session(
        "a user function that tells what it is shown",
        "plans and the UI",
        session.function_that_tells,
        NOTHING,
        "row",
        "Spark 4.1 asks the policy's condition first; no release promises an order",
        because=LOOKED,
        control=PLAINLY,
    ),
]
POLICY = Case(
    "a policy of one's own",
    "names",
    "who brings settings brings the policy; only files can be kept",
    {
        ADVISORY: leaks(asking.with_a_policy_of_ones_own, "column", spark=True),
        PHYSICAL: refused(asking.with_a_policy_of_ones_own, "column", files.delta_reader),
    },
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
CASES = [*PATHS, *PROCESSES, *GIVEN, *CHANGES, *NAMES, *SESSION, POLICY, *EXPORTED, *KEYS]
