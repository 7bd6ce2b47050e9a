"""The words of a policy: who is in which role, and what a role may do with which table, column and row."""

from strongroom.core.policy.model import (
    ACTIONS,
    ADVISORY,
    EVERYONE,
    KEYS,
    LEVELS,
    MASKS,
    PHYSICAL,
    Columns,
    Deny,
    Expectation,
    Grant,
    Policy,
    Role,
    first_day,
    last_day,
    weakest,
)

__all__ = [
    "ACTIONS",
    "ADVISORY",
    "EVERYONE",
    "KEYS",
    "LEVELS",
    "MASKS",
    "PHYSICAL",
    "Columns",
    "Deny",
    "Expectation",
    "Grant",
    "Policy",
    "Role",
    "first_day",
    "last_day",
    "weakest",
]
