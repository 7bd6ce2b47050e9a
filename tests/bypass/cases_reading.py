"""Cases on `read_table`: what it is asked for, and what is done with its answer."""

from __future__ import annotations

from bypass import asking, files, session
from bypass.judge import LEAKS, NOTHING, REFUSED, Attempt
from bypass.words import (
    ADVISORY,
    LOOKED,
    PHYSICAL,
    Case,
    Try,
    leaks,
    refused,
)


def asked(name: str, how: Attempt, why: str, because: str = "Refused") -> Case:
    """Something `read_table` is asked for, and refuses."""
    control = asking.plainly
    return Case(name, "names", why, {ADVISORY: Try(how, REFUSED, "column", because, control)})


def in_session(name: str, topic: str, how: Attempt, outcome: str, wants: str, why: str, **more: object) -> Case:
    return Case(name, topic, why, {ADVISORY: Try(how, outcome, wants, spark=True, **more)})


NAMES = [
    asked("as the table's name: another case", asking.name("TRAINING.Reviews"), "the same denies, and no such folder"),
    *(asked(f"as the table's name: {name}", asking.name(text), why) for name, text, why in asking.NAMES),
    *(asked(f"by name: {name}", asking.name(text), why) for name, text, why in asking.OTHERS),
    *(asked(f"as the principal: {name}", asking.as_somebody(who), why) for name, who, why in asking.PEOPLE),
    asked("a grant that has ended", asking.name("training.letters"), "time is weighed"),
    Case(
        "forged and foreign tokens",
        "forged tokens",
        "tests/stores/identity/test_identity.py names all 28",
        {ADVISORY: Try(asking.with_forged_tokens, REFUSED, "column", "all 28", asking.with_a_good_token)},
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
READING = [*NAMES, *SESSION, POLICY]
