# ruff: noqa: E501  a table of facts reads best one fact a line
"""Demonstration reports for tests and for looking at: `PYTHONPATH=lib:tests python … FOLDER` writes them."""

from __future__ import annotations

import dataclasses
import math
import sys
from datetime import UTC, datetime
from pathlib import Path

from strongroom.core.report import (
    ContractFacts,
    PastRun,
    Readable,
    ReasonCount,
    Report,
    RuleFacts,
    SetRuleFacts,
    SourceFacts,
)
from strongroom.core.report.columns import ColumnFacts, LabelBalance, LabelCount
from strongroom.core.report.distribution import Spread, SpreadBin, ValueShare
from strongroom.core.report.front import Limits, Reader
from strongroom.core.run import Run

HASH = "Keyed hash, 128 bits: the same person gives the same token, and nobody can go back"
ENCRYPT = "Encrypted, bound to table and column: may be revealed by whom the policy names"


def _spread(
    of: str, now: list[float], before: list[float] | None, edges: list[str], quarters: tuple[str, ...]
) -> Spread:
    """Bins of these weights, as shares."""
    old = before or [0.0] * len(now)
    bins = tuple(
        SpreadBin(low, high, one / sum(now), other / sum(old) if before else None)
        for low, high, one, other in zip(edges, edges[1:], now, old, strict=False)
    )
    return Spread(of, bins, *quarters)


def _bell(middle: float, width: float) -> list[float]:
    return [math.exp(-(((place - middle) / width) ** 2)) for place in range(24)]


LENGTHS = _spread(
    "lengths",
    _bell(5, 5),
    _bell(7, 5.5),
    [f"{800 * place:,}" for place in range(25)],
    ("0", "2,310", "4,020", "6,702", "18,204"),
)
STARS = _spread(
    "values",
    [3, 71, 88, 140, 290, 408],
    [2, 60, 70, 150, 400, 318],
    ["-1", "1", "2", "3", "4", "5", "5"],
    ("-1", "3", "4", "5", "11"),
)
CREATED = _spread(
    "values",
    [0.0] * 20 + [4.0, 9.0, 8.0, 7.0],
    [2.0, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9, 2, 0, 0, 0],
    [f"{2019 + place // 3.4:.0f}-0{1 + place % 3 * 4}-01" for place in range(25)],
    ("2025-07-01", "2025-10-11", "2025-12-02", "2026-01-31", "2026-02-28"),
)
APPS = (
    ValueShare("android 7.2", 0.481, 0.502), ValueShare("ios 7.1", 0.302, 0.255), ValueShare("web", 0.2092, 0.243),
    ValueShare("", 0.0071, 0.0), ValueShare("kiosk in the shop window, second floor", 0.00004, None),
)  # fmt: skip

COLUMNS = (
    ColumnFacts("review_id", "bigint", "internal", personal=False, protection="Kept", nulls_before=0, nulls_after=0,
                distinct=998_214, distinct_low=966_000, distinct_high=1_031_000, distinct_table=4_011_000, minimum="1", maximum="1002400"),
    ColumnFacts("user_id", "bigint", "personal", method="hash", protection=HASH, key="person/3", nulls_before=214,
                nulls_after=0, distinct=181_402),
    ColumnFacts("email", "string", "personal", method="encrypt", protection=ENCRYPT, key="reviews.email/3",
                nulls_before=31_870, nulls_after=31_804, empty=12, distinct=176_030),
    ColumnFacts("birth_date", "date", "personal", method="generalise", protection="Generalised to the year",
                nulls_before=118_400, nulls_after=118_120, distinct=24_310),
    ColumnFacts("address.city", "string", "personal", method="keep", protection="Kept",
                why="needed to study regional bias; agreed with the data protection officer", nulls_before=6_020,
                nulls_after=5_990, empty=40, distinct=3_412),
    ColumnFacts("phone", "string", "personal", method="drop", protection="Dropped: it never leaves", nulls_before=402_000),
    ColumnFacts("text_content", "string", "internal", personal=False, protection="Kept", nulls_before=1_204, nulls_after=0,
                empty=318, distinct=961_200, min_length=0, max_length=18_204, spread=LENGTHS),
    ColumnFacts("stars", "int", "internal", personal=False, protection="Kept", nulls_before=2, nulls_after=0, distinct=7,
                minimum="-1", maximum="11", spread=STARS),
    ColumnFacts("device.app", "string", "internal", personal=False, protection="Kept", nulls_before=0, nulls_after=0,
                distinct=5, top=APPS),
    ColumnFacts("label", "string", "internal", personal=False, protection="Kept", nulls_before=1_388, nulls_after=0,
                distinct=5, min_length=7, max_length=8),
    ColumnFacts("created_at", "timestamp", "internal", personal=False, protection="Kept", nulls_before=0, nulls_after=0,
                distinct=902_113, minimum="2019-01-01 00:00:04", maximum="2026-02-28 23:59:51",
                spread=CREATED),
)  # fmt: skip

RULES = (
    RuleFacts("email.pattern", "pattern", ("email",), 2_961, dimension="conformity"),
    RuleFacts("label.validValues", "validValues", ("label",), 1_410, dimension="conformity"),
    RuleFacts("label.required", "required", ("label",), 1_388, dimension="completeness"),
    RuleFacts("text_content.required", "required", ("text_content",), 1_204, dimension="completeness"),
    RuleFacts("text_content.maxLength", "maxLength", ("text_content",), 702, severity="warning"),
    RuleFacts("user_id.required", "required", ("user_id",), 214, dimension="completeness"),
    RuleFacts("stars.maximum", "maximum", ("stars",), 38),
    RuleFacts("stars.minimum", "minimum", ("stars",), 3),
    RuleFacts("stars.type", "type", ("stars",), 0),
    RuleFacts("review_id.required", "required", ("review_id",), 0),
    RuleFacts("review_id.unique", "unique", ("review_id",), 0, dimension="uniqueness"),
    RuleFacts("email.maxLength", "maxLength", ("email",), 0),
    RuleFacts("birth_date.type", "type", ("birth_date",), 0),
    RuleFacts("created_before_now", "expression", ("created_at",), 0, dimension="timeliness"),
)

SET_RULES = (
    SetRuleFacts("rows", 998_000, "must be greater than 0 rows", True),
    SetRuleFacts("label.invalidValues", 0.141, "must be at most 1\u202f%", True, unit="percent", columns=("label",)),
    SetRuleFacts("email.nullValues", 3.19, "must be at most 3\u202f%", False, unit="percent", severity="warning",
                 dimension="completeness", columns=("email",)),
    SetRuleFacts("review_id.duplicateValues", 0, "must be 0 rows", True, dimension="uniqueness", columns=("review_id",)),
)  # fmt: skip

LABEL = LabelBalance(
    "label",
    (
        LabelCount("positive", 571_300, 569_870),
        LabelCount("negative", 281_202, 280_230),
        LabelCount("neutral", 144_700, 143_900),
        LabelCount("Positive ", 1_102, 0),
        LabelCount(None, 1_388, 0),
    ),
    others=LabelCount("others", 308, 0),
)


def _history() -> tuple[PastRun, ...]:
    wobble = (0, 3, -2, 5, 4, 8, 6, 11, 9, 14, 13, 18)
    return tuple(
        PastRun(
            f"2026-02-{day:02d}T021503-4f{day:02x}",
            f"2026-02-{day:02d}T02:15:03+00:00",
            read=900_000 + 7_000 * step + 900 * day,
            written=898_700 + 7_000 * step + 900 * day - (18_000 if day == 14 else 0),
            quarantined=1_300 + 20 * step + (18_000 if day == 14 else 0),
            failures=1_900 + 31 * step + (21_000 if day == 14 else 0),
        )
        for day, step in zip(range(4, 28, 2), wobble, strict=True)
    )


READERS = (
    Reader("data_scientist", "model_training", datetime(2027, 7, 1, tzinfo=UTC),
           Limits(10, ("email",), {"user_id": "replace-with-null"}, ("label <> 'neutral'",), "advisory")),
    Reader("ml_engineer", "model_training", None, Limits(11, level="physical")),
    Reader("ml_engineer", "evaluation", None, Limits(11, level="physical")),
)  # fmt: skip


def demo() -> Report:
    """A run that went well, with two warnings and 0.6 % of the rows in quarantine."""
    return Report(
        run=Run(
            "2026-03-04T021503-9c1e",
            "prepare",
            "user:ada",
            "model_training",
            datetime(2026, 3, 4, 2, 15, 3, tzinfo=UTC),
        ),
        contract=ContractFacts(
            "reviews", "reviews", "1.4.0", "5d1c" * 16, "conf/contracts/reviews.yaml", ("model_training",)
        ),
        policy="a07f" * 16,
        table="training.reviews",
        status="done",
        read=1_000_000,
        written=994_000,
        quarantined=6_000,
        seconds=41.3,
        sources=(SourceFacts("raw", "json", "raw/reviews/*.json", 48, 412_880_231),),
        columns=COLUMNS,
        rules=RULES,
        set_rules=SET_RULES,
        reasons=(
            *(ReasonCount(rule.id, rule.failures) for rule in RULES if rule.failures and rule.severity == "error"),
            ReasonCount("line does not parse", 17),
        ),
        label=LABEL,
        history=_history(),
        audience=("data_scientist", "ml_engineer"),
        readers=READERS,
        quarantine_limit=0.01,
        tables={"training.reviews": "lake/training/reviews", "quarantine.reviews": "lake/quarantine/reviews"},
        versions={"training.reviews": 13, "quarantine.reviews": 14},
        readable=Readable(13, "2026-03-04T021503-9c1e", datetime(2026, 3, 4, 2, 15, 43, tzinfo=UTC)),
        todo="see why rows were set aside with ./spark-submit.sh quarantine list --contract reviews",
    )


def clean() -> Report:
    """A first run in which every row keeps every rule."""
    return dataclasses.replace(
        demo(),
        written=1_000_000,
        quarantined=0,
        reasons=(),
        rules=tuple(dataclasses.replace(rule, failures=0) for rule in RULES),
        set_rules=tuple(rule for rule in SET_RULES if rule.passed),
        columns=tuple(
            dataclasses.replace(column, nulls_after=None if column.method == "drop" else column.nulls_before)
            for column in COLUMNS
            if not (column.personal and column.method == "keep")
        ),
        label=LabelBalance("label", tuple(LabelCount(v.value, v.before, v.before) for v in LABEL.values[:3])),
        history=(),
        todo="",
    )


BEFORE = Readable(12, "2026-02-26T021503-4f1a", datetime(2026, 2, 26, 2, 15, 41, tzinfo=UTC))
"""What the last run that went well left."""


def failed() -> Report:
    """A run that ended before it had counted anything, after ones that went well."""
    facts = demo()
    return Report(
        facts.run, facts.contract, facts.policy, facts.table, "failed", None, None, None, 3.2,
        sources=(SourceFacts("raw", "json", "raw/reviews/*.json"),), audience=facts.audience,
        tables={"training.reviews": "lake/training/reviews"}, readable=BEFORE,
        problem="There is no file here.", todo="Run again once it is mended; the message of the job says how.",
    )  # fmt: skip


def never() -> Report:
    """The same when no run ever went well."""
    return dataclasses.replace(failed(), readable=None)


def closed() -> Report:
    """A run that the gate stopped: a set rule of severity error and the quarantine limit failed."""
    failed = dataclasses.replace(SET_RULES[1], measured=4.73, passed=False)
    return dataclasses.replace(
        demo(),
        status="gate closed",
        versions={"quarantine.reviews": 14},
        readable=BEFORE,
        written=0,
        quarantined=47_310,
        set_rules=(SET_RULES[0], failed, *SET_RULES[2:]),
        todo="mend the source or the contract, then run prepare again",
    )


def empty() -> Report:
    """A run that found files and no row in them."""
    nothing = tuple(dataclasses.replace(column, spread=None, top=(), distinct=None) for column in clean().columns)
    return dataclasses.replace(clean(), read=0, written=0, columns=nothing, label=None, readers=(), audience=())


NAMES = (
    "عمود_طويل_جدا_يحمل_اسم_الزبون_وعنوانه", "名前とメールアドレスと電話番号と生年月日と住所", "שם_הלקוח_וכתובתו",
    "customerMasterDataPreferredContactChannelLastModifiedTimestamp", "a" * 120, "x",
)  # fmt: skip


def many() -> Report:
    """Sixty columns, twenty roles, hundreds of runs and billions of rows, in the scripts and lengths that names have."""
    names = [f"{NAMES[place % len(NAMES)]}{place}" for place in range(60)]
    shapes = [column for column in COLUMNS if column.path in ("email", "stars", "created_at", "text_content", "phone")]
    big = {"nulls_before": 9_876_543_210, "nulls_after": 9_876_000_000}
    columns = tuple(
        dataclasses.replace(shapes[place % len(shapes)], path=name, **big) for place, name in enumerate(names)
    )
    limits = Limits(
        3, tuple(names[3:]), dict.fromkeys(names[:3], "sha-256-global"), (f"{NAMES[3]} = 1",), "cryptographic"
    )
    return dataclasses.replace(
        demo(),
        read=12_345_678_901, written=12_345_600_000, quarantined=78_901, columns=columns, label=None,
        rules=tuple(RuleFacts(f"{name}.required", "required", (name,), 1_234_567_890) for name in names),
        reasons=tuple(ReasonCount(f"{name}.required", 1_234_567_890) for name in names),
        history=tuple(
            PastRun(f"2026-01-01T{place:06}", f"2026-01-{1 + place % 28:02}T00:00:00", 12_345_678_901, 9_000_000_000, 5, 7)
            for place in range(300)
        ),
        readers=tuple(
            Reader(f"{NAMES[place % len(NAMES)]}{place}", NAMES[(place + 1) % len(NAMES)], None, limits)
            for place in range(20)
        ),
        audience=tuple(NAMES),
    )  # fmt: skip


EVIL = "</style><script>alert('x')</script>\"'><img src=x onerror=alert(1)>&amp;\u202e\x00\ud800\u2028"


def hostile(*, times: int = 1, length: int = 10_000) -> Report:
    """Names and label values that try to break out, hide, turn around or flood the page."""
    long = EVIL + "W" * length
    return dataclasses.replace(
        demo(),
        table=EVIL,
        columns=(
            *(ColumnFacts(f"{EVIL}{i}", EVIL, EVIL, personal=bool(i % 2), method="hash", protection=long, key=EVIL,
                          nulls_before=i, nulls_after=i) for i in range(times)),
            ColumnFacts(long, EVIL, EVIL, personal=False, protection=EVIL, minimum=long, maximum=EVIL, nulls_before=3,
                        spread=_spread("values", [1.0], None, [EVIL, long], (long, EVIL, long, EVIL, long)),
                        top=(ValueShare(long, float("nan"), 7.0),) * times),
            ColumnFacts(EVIL, EVIL, EVIL, personal=False, protection=EVIL,
                        spread=_spread("lengths", [1.0, 0.0], [0.0, 1.0], [EVIL, long, EVIL], (long,) * 5)),
        ),
        rules=tuple(RuleFacts(f"{long}{i}", EVIL, (long, EVIL), i + 1, EVIL, EVIL) for i in range(times)),
        set_rules=tuple(SetRuleFacts(long, None, long, False, EVIL, EVIL, EVIL, (long,)) for _ in range(times)),
        reasons=tuple(ReasonCount(long, 1) for _ in range(times)),
        label=LabelBalance(long, tuple(LabelCount(f"{EVIL}{i}{long}", 5, 3) for i in range(times))),
        history=tuple(PastRun(long, EVIL, 1, 1, 0, 0) for _ in range(times)),
        audience=(EVIL, long) * times,
        readers=(Reader(long, EVIL, None, Limits(1, (long,), {EVIL: EVIL}, (long,), EVIL)),) * times,
        sources=tuple(SourceFacts(EVIL, EVIL, long, 1, 1) for _ in range(times)),
        tables={EVIL: long},
        problem=long,
        todo=long,
    )  # fmt: skip


DEMOS = {"demo": demo, "clean": clean, "closed": closed, "failed": failed, "never": never, "hostile": hostile,
         "empty": empty, "many": many}  # fmt: skip

if __name__ == "__main__":
    from strongroom.reports.page.page import page as render_html

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for word, make in DEMOS.items():
        (folder / f"{word}.html").write_text(render_html(make()), encoding="utf-8")
