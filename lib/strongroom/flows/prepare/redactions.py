"""What a run tells of the texts that it redacted: counts, leaks, misses among what was planted, and the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.redaction import COURT, LANGUAGES, find_of, languages_of, redacted_leaves
from strongroom.core.errors import StrongroomError
from strongroom.core.report.redaction import MissFacts, RedactionFacts
from strongroom.core.suggest import counted
from strongroom.quality.counts.redactions import (
    TEXTS_AFTER,
    TEXTS_BEFORE,
    WORDS_AFTER,
    WORDS_BEFORE,
    Redaction,
)
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import SetVerdict
from strongroom.stores.sources.kinds import Looked, pinned

if TYPE_CHECKING:
    from strongroom.flows.prepare.plan import Found
    from strongroom.flows.prepare.run_record import Done
    from strongroom.text.canaries import Misses

MAX_LEAKS, MAX_MISS_RATE = "maxLeaks", "maxMissRate"


def check_model(contract: Contract) -> None:
    """Makes sure that the model is there where the contract wants it, before anything is read.

    Raises:
        EnvironmentFault: it is not.
    """
    if any(leaf.protect and leaf.protect.options.get("model") for leaf in redacted_leaves(contract)):
        from strongroom.text import model

        model.must_be_available()


def misses_of(contract: Contract) -> Mapping[str, Misses]:
    """Planted texts sent through what redacts the contract's; none where it redacts none."""
    if not redacted_leaves(contract):
        return {}
    from strongroom.flows.row_pass.redacting import misses  # with the lists of words

    return misses(contract)


def judge_redactions(contract: Contract, tally: Tally, misses: Mapping[str, Misses]) -> tuple[SetVerdict, ...]:
    """A verdict on each redacted column that has a limit for what may be left."""
    found = list[SetVerdict]()
    for leaf in redacted_leaves(contract):
        where = contract.place(leaf.protect) if leaf.protect else contract.file
        if (limit := _limit(leaf, MAX_LEAKS)) is not None:
            share = 100 * tally.redactions.get(leaf.path, Redaction()).share
            what = f"{share:.3g} % of the texts of {leaf.path} hold an identifier or a known value of their row"
            sentence = f"{what}; at most {limit:g} % may."
            found.append(SetVerdict(rule_of(leaf, MAX_LEAKS), share, share <= limit, "error", where, sentence))
        if (limit := _limit(leaf, MAX_MISS_RATE)) is not None:
            bounds = {entity: 100 * misses[entity].bound for entity in find_of(leaf) if entity in misses}
            worst = max(bounds, key=lambda entity: bounds[entity], default="")
            measured = bounds.get(worst)
            said = f"is up to {measured:.3g} % ({worst})" if measured is not None else "was not measured"
            sentence = f"The miss rate of {leaf.path} {said}, with 95 % confidence; at most {limit:g} % may be missed."
            passed = measured is not None and measured <= limit
            found.append(SetVerdict(rule_of(leaf, MAX_MISS_RATE), measured, passed, "error", where, sentence))
    return tuple(found)


def rule_of(leaf: Column, word: str) -> str:
    """The id under which a verdict on a leaf is given."""
    return f"{leaf.path}.{word}"


def limits_of(contract: Contract) -> Iterator[tuple[str, str, str]]:
    """Id, column and bound in words of each such verdict."""
    for leaf in redacted_leaves(contract):
        for word, of in ((MAX_LEAKS, "of its texts"), (MAX_MISS_RATE, "missed, with 95 % confidence")):
            if (limit := _limit(leaf, word)) is not None:
                yield rule_of(leaf, word), leaf.path, f"must be at most {limit:g} % {of}"


def _limit(leaf: Column, word: str) -> float | None:
    limit = leaf.protect.options.get(word) if leaf.protect else None
    return float(limit) if isinstance(limit, int | float) else None


def redaction_facts(done: Done) -> tuple[RedactionFacts, ...]:
    """What became of each redacted column, and of the texts beside them."""
    redacted = {leaf.path for leaf in redacted_leaves(done.contract)}
    return tuple(
        RedactionFacts(
            path, path in redacted, of.texts, of.found, of.leaks, of.different(WORDS_BEFORE), of.different(WORDS_AFTER),
            of.different(TEXTS_BEFORE), of.different(TEXTS_AFTER),
        )
        for path, of in done.tally.redactions.items()
    )  # fmt: skip


def miss_facts(done: Done) -> tuple[MissFacts, ...]:
    """What was missed of what was planted."""
    return tuple(MissFacts(name, of.planted, of.missed, of.rate, of.bound) for name, of in done.misses.items())


def metric_rows(done: Done) -> Iterator[tuple[str, str, str, float | None, bool | None]]:
    """The same as rows of `strongroom.metrics`."""
    for facts in redaction_facts(done):
        yield "column", facts.path, "texts", facts.texts, None
        yield "column", facts.path, "leaks", facts.leaks, None
        for entity, count in sorted(facts.found.items()):
            yield "column", facts.path, f"redacted.{entity}", count, None
        for name in ("words_before", "words_after", "texts_before", "texts_after"):
            if (value := getattr(facts, name)) is not None:
                yield "column", facts.path, name, value, None
    for miss in miss_facts(done):
        for metric, value in (("planted", miss.planted), ("missed", miss.missed), ("miss_bound", miss.bound)):
            yield "redaction", miss.entity, metric, value, None


def told(done: Done) -> list[tuple[str, str]]:
    """A line for each redacted column."""
    return [(facts.path, in_words(facts)) for facts in redaction_facts(done) if facts.redacted]


def in_words(facts: RedactionFacts) -> str:
    """What was replaced in a column, and in how many texts something is left."""
    found = _words(facts.found)
    left = f"; {counted(facts.leaks, 'text')} of {facts.texts:,} with something left" if facts.leaks else ""
    return found + left


def _words(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {entity}" for entity, count in _most(found)) or "nothing"


def _most(found: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def foretold(contract: Contract, reads: Found, looked: Mapping[str, Mapping[str, Looked]]) -> list[tuple[str, str]]:
    """For a rehearsal: what the first rows hold, where files on this machine are their rows as they stand."""
    if not redacted_leaves(contract):
        return []
    from strongroom.flows.row_pass import redacting  # with the lists of words

    parts = [
        looked[source.name][file.path].part(number, contract.as_read)
        for number, source in enumerate(contract.sources)
        for file in reads.get(source.name, (source, ()))[1]
        if not pinned(source) and "://" not in file.path
    ]
    try:
        rows, found = redacting.foretold(contract, parts)
    except StrongroomError:  # a run tells it
        return []
    return [
        (path, f"{_words(count)}, in the first {counted(rows, 'row')}") for path, count in sorted(found.items()) if rows
    ]


def not_looked_for(contract: Contract) -> tuple[str, ...]:
    """What was not looked for in redacted texts, each once."""
    leaves, said = redacted_leaves(contract), list[str]()
    for leaf in leaves:
        if left := [entity for entity in COURT if entity not in find_of(leaf)]:
            said.append(f"In {leaf.path}: {', '.join(left)}.")
    if leaves:
        if left := [language for language in LANGUAGES if language not in languages_of(leaves[0])]:
            said.append(f"By the lists of these languages: {', '.join(left)}.")
        if not (leaves[0].protect and leaves[0].protect.options.get("model")):
            said.append("By the model: names that no list has and that nothing announces.")
    return tuple(said)
