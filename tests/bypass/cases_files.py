"""Cases on files: by path, by process, about what is given, by changing what is not one's own."""

from __future__ import annotations

from bypass import files, machine
from bypass.judge import NOTHING, REFUSED, Attempt
from bypass.words import (
    ADVISORY,
    LOOKED,
    NO_SUCH,
    OWNER,
    PHYSICAL,
    SYSTEM,
    Case,
    Try,
    leaks,
    nothing,
    refused,
)


def guarded(name: str, topic: str, how: Attempt, wants: str = "column") -> Case:
    """Something of the lake that is opened by path: whoever has the files has it; another user is refused."""
    why = "files open to who may open files; the physical level closes them to other users"
    return Case(name, topic, why, {ADVISORY: leaks(how, wants), PHYSICAL: refused(how, wants)})


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
    Case(
        "the change feed, for an erased row",
        "change feed",
        "no table keeps one: a projection is refreshed from the files of two versions",
        {
            level: Try(files.change_feed, NOTHING, "gone", LOOKED, OWNER, known="hange")
            for level in (ADVISORY, PHYSICAL)
        },
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
FILES = [*PATHS, *PROCESSES, *GIVEN, *CHANGES]
