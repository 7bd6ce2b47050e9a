"""The words of the corpus: an attempt at one level, a case of several, and short ways to say them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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
