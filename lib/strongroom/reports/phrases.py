"""How a report says numbers, and the sentence that answers "may I use this table?"."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from strongroom.core.report import Report, SetRuleFacts, share
from strongroom.core.suggest import counted
from strongroom.reports.markup import LONGEST_NAME, plain

NOT_MEASURED = "–"
_THIN = "\u202f"  # a narrow space that does not break, between a number and its unit


def number(value: float | None) -> str:
    """`1,234,567`, `0.0312`, or a dash for what was not measured."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(part: float | None) -> str:
    """A share of 0 to 1 in percent. Only a true 0 or 1 is said as 0 % or 100 %."""
    if part is None or not math.isfinite(part):
        return NOT_MEASURED
    if part in (0, 1):
        return f"{part:.0%}".replace("%", f"{_THIN}%")
    if part < 0.0001:
        return f"<{_THIN}0.01{_THIN}%"
    if 0.9999 < part < 1:
        return f">{_THIN}99.99{_THIN}%"
    digits = 2 if part < 0.01 or 0.99 < part < 1 else 1
    return f"{100 * part:.{digits}f}{_THIN}%"


def exact_percent(part: float) -> str:
    """A round share that somebody chose, a limit or a scale: `0.5 %`, `1 %`."""
    return f"{100 * part:.6g}{_THIN}%"


def size(count: int | None) -> str:
    """Bytes as `512 B`, `1.2 MB`, in powers of 1000."""
    if count is None:
        return NOT_MEASURED
    amount, units = float(count), ["B", "kB", "MB", "GB", "TB", "PB"]
    while amount >= 999.5 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f}{_THIN}B" if units[0] == "B" else f"{amount:.3g}{_THIN}{units[0]}"


def duration(seconds: float) -> str:
    """`0.8 s`, `41 s`, `2 min 5 s`, `1 h 12 min`."""
    if seconds < 10:
        return f"{seconds:.1f}{_THIN}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{_THIN}s"
    if whole < 3600:
        return f"{whole // 60}{_THIN}min {whole % 60}{_THIN}s"
    return f"{whole // 3600}{_THIN}h {whole % 3600 // 60}{_THIN}min"


def listed(words: Iterable[str], *, last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    words = list(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


_SHOWN = {
    "in clear": "as it came",
    "token": "as a token: equal values stay equal, nobody goes back",
    "encrypted": "encrypted: who only reads does not see the value",
    "masked": "masked: part of the letters replaced",
    "generalised": "made coarser: a year, a band, a beginning",
    "redacted": "redacted: what names people in the text is replaced",
    "in clear by keys": "in clear, opened by the role's own keys",
    "given": "as it lies",
    "unknown": "not known",
    "replace-with-null": "as nothing (null)",
    "mask-alphanum": "with letters and digits replaced",
    "mask-to-fixed-value": "as one and the same value",
    "show-first-4": "only its first four characters",
    "show-last-4": "only its last four characters",
    "truncate-to-year": "only its year",
    "truncate-to-month": "only its year and month",
    "sha-256-global": "as a hash without a key: who knows a value finds it",
}
_ENFORCED = {
    "advisory": "by Strongroom, for whoever comes through it",
    "physical": "by files of the role's own",
    "cryptographic": "by keys that only the role holds",
}


def seen_as(how: str) -> str:
    """How values are shown to a reader, in words: as they lie, or behind a mask of the policy."""
    return "; or ".join(_SHOWN.get(each, each) for each in how.split(" and "))


def enforced(level: str) -> str:
    """What keeps a grant's limits, in words."""
    return _ENFORCED.get(level, level)


def for_purposes(purposes: Iterable[str]) -> str:
    """`for a, b or no purpose named`; the empty purpose of a grant is every one."""
    named = list(purposes)
    return "for any purpose" if "" in named else f"for {listed(named)}"


def measured(rule: SetRuleFacts) -> str:
    """What a set rule measured, with its unit."""
    if rule.measured is None:
        return "could not be measured"
    return f"{number(rule.measured)}{_THIN}%" if rule.unit == "percent" else number(rule.measured)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "may I use this table?".

    `answer` is `yes`, `care` (yes, with warnings) or `no`; `headline` says it in a few words, `sentence` for whom and
    what; `reasons` are why not, or what to know first.
    """

    answer: str
    headline: str
    sentence: str
    reasons: tuple[str, ...] = ()


def verdict(report: Report) -> Verdict:
    """May I use this table? Says no whenever a set rule of severity `error` failed, whatever else happened."""
    closed, warnings = tuple(_closed(report)), tuple(_warnings(report))
    if report.status == "failed":
        return _standing(report, "this run ended early", ((report.problem,) if report.problem else ()) + closed)
    if report.status == "gate closed":
        return _standing(report, "the gate is closed", closed + warnings)
    if closed:  # and readers got it all the same: nobody should use that
        return Verdict("no", "No: the gate is closed", "What this run published broke its rules.", closed + warnings)
    if report.status == "dry run":
        return Verdict("no", "Not yet: this was a rehearsal", "Nothing was written.", warnings)
    who = f"by {listed(report.audience)}" if report.audience else "by everyone the policy lets read it"
    what = f"for {listed(report.contract.purposes)}" if report.contract.purposes else "for what the policy allows"
    sentence = f"It may be read {what}, {who}."
    if report.status == "unchanged":
        sentence = f"There was nothing new to read; it stands as the last run left it. {sentence}"
    which = f", version {report.readable.version}" if report.readable else ""
    if warnings:
        return Verdict("care", f"Yes{which}, with {counted(len(warnings), 'warning')}", sentence, warnings)
    return Verdict("yes", f"Yes{which or ', you may use this table'}", sentence)


def _standing(report: Report, why: str, reasons: tuple[str, ...]) -> Verdict:
    """The answer where a run gave readers nothing: what they had stands, if there is anything."""
    stands = report.readable
    if stands is None:
        return Verdict("no", f"No: {why}", "There is no version to read yet.", reasons)
    when = f" of {stands.published:%-d %B %Y, %H:%M} UTC" if stands.published else ""
    by = f" It was published by run {_short(stands.run)}{when}." if stands.run else ""
    who = f"by {listed(report.audience)}" if report.audience else "by everyone the policy lets read it"
    told = f"Readers keep version {stands.version}; it may be read as before, {who}.{by}"
    return Verdict("care", f"Yes, version {stands.version}; {_NEWER[why]}", told, reasons)


_NEWER = {"this run ended early": "the newer run failed", "the gate is closed": "the newer run did not pass its gate"}


def unaccounted(report: Report) -> int | None:
    """Rows read that are neither with the readers nor in quarantine; below zero when rows came out twice."""
    if report.read is None or report.written is None or report.quarantined is None:
        return None
    return report.read - report.written - report.quarantined


def _short(text: str) -> str:
    return plain(text, longest=LONGEST_NAME)


def _closed(report: Report) -> Iterable[str]:
    for rule in report.set_rules:
        if not rule.passed and rule.severity == "error":
            yield f"Set rule {_short(rule.id)}: {measured(rule)}, {_short(rule.bound)}."
    if report.over_limit and report.quarantine_limit is not None:
        reached = percent(share(report.quarantined, report.read))
        yield f"{reached} of the rows are in quarantine; the limit is {exact_percent(report.quarantine_limit)}."


def _warnings(report: Report) -> Iterable[str]:
    for rule in report.set_rules:
        if not rule.passed and rule.severity != "error":
            yield f"Set rule {_short(rule.id)}: {measured(rule)}, {_short(rule.bound)}."
    for broken in report.rules:
        if broken.failures and broken.severity != "error":
            yield f"Rule {_short(broken.id)} warns about {counted(broken.failures, 'row')}; they are not set aside."
    for column in report.columns:
        if column.personal and column.method == "keep" and not column.why:
            yield f"Personal column {_short(column.path)} is kept as it is, and the contract does not say why."
    for absent in report.absent:
        if absent.lost:
            yield f"No file has the column {_short(absent.column)}, which the last batch had."
    lost = unaccounted(report)
    if report.status == "done" and lost:
        kind = "were read but neither written nor quarantined" if lost > 0 else "came out more than were read"
        yield f"{counted(abs(lost), 'row')} {kind}."
