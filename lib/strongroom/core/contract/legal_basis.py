"""On what each purpose of a data set rests: the words of GDPR Art. 6(1) and 9(2), and which of them ask the person.

The contract's word `legalBasis` names one for each purpose. What follows for whose rows are kept and read:
docs/consent.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from strongroom.core.contract.model import Column, LegalBasis
from strongroom.core.contract.protection import leaves_out
from strongroom.core.contract.vocabulary import check_keys
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean, slip_of
from strongroom.core.yaml import Node

REGISTER = "consent"
"""The data set of what people have said, and its contract's name."""
CONSENTS = f"training.{REGISTER}"
CONSENT, EXPLICIT = "consent", "explicit_consent"


@dataclass(frozen=True, slots=True)
class Basis:
    """What one word means: the article, and whether the person is asked before (`asks`) or may object (`objects`)."""

    article: str
    asks: bool = False
    objects: bool = False


BASES: Mapping[str, Basis] = {
    CONSENT: Basis("Art. 6(1)(a)", asks=True, objects=True),
    "contract": Basis("Art. 6(1)(b)"),
    "legal_obligation": Basis("Art. 6(1)(c)"),
    "vital_interests": Basis("Art. 6(1)(d)"),
    "public_task": Basis("Art. 6(1)(e)", objects=True),
    "legitimate_interests": Basis("Art. 6(1)(f)", objects=True),
}
"""Who objects where he was asked before has said no: his consent is withdrawn."""
SPECIAL: Mapping[str, Basis] = {
    EXPLICIT: Basis("Art. 9(2)(a)", asks=True),
    "employment_law": Basis("Art. 9(2)(b)"),
    "vital_interests": Basis("Art. 9(2)(c)"),
    "members": Basis("Art. 9(2)(d)"),
    "made_public": Basis("Art. 9(2)(e)"),
    "legal_claims": Basis("Art. 9(2)(f)"),
    "substantial_public_interest": Basis("Art. 9(2)(g)"),
    "health_care": Basis("Art. 9(2)(h)"),
    "public_health": Basis("Art. 9(2)(i)"),
    "research": Basis("Art. 9(2)(j)"),
}
CATEGORIES = (
    "racial_or_ethnic_origin", "political_opinions", "religious_or_philosophical_beliefs", "trade_union_membership",
    "genetic", "biometric", "health", "sex_life_or_orientation",
)  # fmt: skip
"""What Art. 9(1) lists: the words of a column's `specialCategory`."""
_KEYS = ("basis", "special")


def asks(basis: LegalBasis) -> bool:
    """Whether nobody's rows may be used for it who has not said yes."""
    return BASES[basis.basis].asks or (bool(basis.special) and SPECIAL[basis.special].asks)


def objects(basis: LegalBasis) -> bool:
    """Whether a person's no takes rows out (Art. 21, and who was asked may always say no)."""
    return BASES[basis.basis].objects or asks(basis)


def articles(basis: LegalBasis) -> str:
    """The articles by which they are called."""
    return ", ".join((BASES[basis.basis].article, *([SPECIAL[basis.special].article] if basis.special else [])))


def read_legal_basis(
    node: Node | None, purposes: Collection[str], columns: Iterable[Column], findings: Findings
) -> dict[str, LegalBasis]:
    """What `legalBasis` says: one basis for every purpose, or a mapping of purposes; empty where it is not said.

    Every purpose of the contract needs one. Further purposes may have one: those that the table is read for, and
    nothing is prepared for.

    Args:
        node: the word's value, or None.
        purposes: those of the contract.
        columns: with all that is inside them.
        findings: takes the problems.
    """
    if node is None:
        return {}
    columns = tuple(columns)
    if isinstance(node.value, str):
        if not purposes:
            findings.missing(
                node, "'legalBasis' rests on no purpose.", "Say 'purposes', or name them: {PURPOSE: BASIS}."
            )
        entries = dict.fromkeys(purposes, node)
    elif isinstance(node.value, dict) and (node.fields or purposes):
        entries = dict(node.fields)
    else:
        findings.wrong_type(
            node, "'legalBasis' is a mapping of purposes.", f"For example {{model_training: {CONSENT}}}."
        )
        return {}
    found = {purpose: _basis(each, findings) for purpose, each in entries.items()}
    for purpose, each in entries.items():
        if purpose not in purposes and (meant := slip_of(purpose, [one for one in purposes if one not in entries])):
            findings.unknown_name(each, f"Unknown purpose {purpose!r}.", f"Did you mean {meant!r}?")
        elif basis := found[purpose]:
            _check(each, purpose, basis, columns, findings)
    for purpose in purposes:
        if purpose not in entries and not any(slip_of(one, (purpose,)) for one in entries):
            findings.missing(node, f"The purpose {purpose!r} has no legal basis.", f"One of: {', '.join(BASES)}.")
    return {purpose: basis for purpose, basis in found.items() if basis is not None}


def _basis(node: Node, findings: Findings) -> LegalBasis | None:
    """One basis: a word, or `{basis: …, special: …}`."""
    if isinstance(node.value, str):
        return LegalBasis(node.value) if _known(node, node.value, BASES, findings) else None
    if not isinstance(node.value, dict):
        findings.wrong_type(node, "A legal basis is a word.", f"One of: {', '.join(BASES)}.")
        return None
    if not check_keys(node, _KEYS, "a legal basis", findings):
        return None
    basis, special = node.get("basis"), node.get("special")
    if basis is None:
        findings.missing(node, "'basis' is missing.", f"One of: {', '.join(BASES)}.")
        return None
    sound = _known(basis, basis.value, BASES, findings)
    sound &= special is None or _known(special, special.value, SPECIAL, findings)
    return LegalBasis(str(basis.value), str(special.value) if special is not None else "") if sound else None


def _known(node: Node, word: object, known: Mapping[str, Basis], findings: Findings) -> bool:
    if word not in known:
        what = "Unknown legal basis" if known is BASES else "Unknown basis of special categories"
        findings.unknown_name(node, f"{what} {word!r}.", did_you_mean(str(word), known))
    return word in known


def _check(node: Node, purpose: str, basis: LegalBasis, columns: Collection[Column], findings: Findings) -> None:
    """What a basis asks of the columns: somebody to ask, and a reason of its own for special categories."""
    if objects(basis) and not any(column.subject for column in columns):
        said = basis.special if basis.special == EXPLICIT else basis.basis
        what = f"{purpose!r} rests on {said}, and no column says whose a row is."
        findings.contradicts(node, what, "Add {property: subject, value: true} to the column that names the person.")
    special = [column for column in columns if column.special and not leaves_out(column)]
    if special and not basis.special:
        what = (
            f"{special[0].path!r} is of a special category ({special[0].special}), and {purpose!r} has no basis for it."
        )
        todo = f"Write {{basis: {basis.basis}, special: …}}, one of: {', '.join(SPECIAL)}; or drop the column."
        findings.contradicts(node, what, todo)


def read_special(node: Node | None, findings: Findings) -> str:
    """The column's word `specialCategory`: what Art. 9(1) calls what it holds, or an empty text."""
    if node is None:
        return ""
    if node.value not in CATEGORIES:
        what = f"Unknown special category {node.value!r}."
        findings.unknown_name(node, what, did_you_mean(str(node.value), CATEGORIES))
        return ""
    return str(node.value)
