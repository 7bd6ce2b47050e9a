"""Which options each job uses, by what it is asked to do. Another one would do nothing, so a job refuses it.

A line is `what is asked: the options it uses`. What is asked is a verb, an option (`--proof`), one with its value
(`--to=ranger`) or a word without a dash (`FILE`), or several of these; the first line that fits is taken.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from strongroom.core.errors import UsageError

ALWAYS = frozenset(("--help", "--config", "--set", "--run-id", "--dry-run", "--json"))
_WHO = "--as --purpose"
_CONTRACT = f"{_WHO} --contract --server"
_SAID = f"{_WHO} --server --subject-from --at --record --method --jurisdiction"
_EXPORT = f"{_WHO} --at --table --out --to --only --as-of-now --schemas"

USES: Mapping[str, Mapping[str, str]] = {
    "access": {
        "explain": f"{_WHO} --table --action --columns --at --exit-code --subject-from",
        "matrix": f"{_WHO} --table --action --at --out",
        "diff": f"{_WHO} FILE --at",
        "lint": f"{_WHO} --at",
        "export --to=unity-catalog": f"{_EXPORT} --catalog --group",
        "export --to=ranger": f"{_EXPORT} --service",
        "export": _EXPORT,
    },
    "audit": {
        "verify --proof": f"{_WHO} --proof --entry --key",
        "verify --new-key": f"{_WHO} --new-key --witness --key --out",
        "verify --key": f"{_WHO} --witness --key",
        "verify": f"{_WHO} --witness --out",
        "recover": f"{_WHO} --reason --lake",
        "search": f"{_WHO} TERM --limit --out",
        "prove --witness": f"{_WHO} --witness --key --out",
        "prove": f"{_WHO} TERM --out",
        "report": f"{_WHO} --month --out",
    },
    "check": {
        "--contracts": "--contracts --show --protection --server",
        "FILE": "FILE --contract --show --protection --server",
        "--contract": "--contract --show --protection --server",
        "": "--show --protection --server --lake",
    },
    "consent": {
        "import": f"{_WHO} --server FILE",
        "show": f"{_WHO} --subject-from",
        "give": f"{_SAID} --about --from --until --notice --notice-version",
        **dict.fromkeys(("withdraw", "object", "object-no-more"), f"{_SAID} --about"),
        **dict.fromkeys(("restrict", "restrict-no-more"), _SAID),
    },
    "contract": {"diff": f"{_WHO} OLD|NEW --exit-code --server"},
    "curate": {"": _CONTRACT},
    "doctor": {"": ""},
    "erase": {
        "request": f"{_CONTRACT} --subject-from --reason --identity",
        "list": _WHO,
        "plan": f"{_WHO} REQUEST",
        "approve": f"{_WHO} REQUEST",
        "run": _WHO,
        "prove": f"{_WHO} REQUEST",
        "extend": f"{_WHO} REQUEST --reason",
        "withdraw": f"{_WHO} REQUEST",
    },
    "incident": {
        "open": f"{_WHO} --table --columns --zone --everything --reason --aware",
        "assess": f"{_WHO} ID --since --until --notified --out",
        "close": f"{_WHO} ID --reason --notified --not-notified",
        "list": _WHO,
    },
    "init": {"": "FOLDER"},
    "keys": {
        "list": _WHO,
        "coverage": _WHO,
        "rotate": _WHO,
        "disable": f"{_WHO} KEY|FILE",
        "enable": f"{_WHO} KEY|FILE",
        "destroy": f"{_WHO} KEY|FILE",
        "rewrap": _CONTRACT,
        "wrap": f"{_WHO} --rotate",
        "export --column": f"{_CONTRACT} KEY|FILE --column",
        "export": f"{_WHO} KEY|FILE",
        "import": f"{_WHO} KEY|FILE --primary",
    },
    "lineage": {"": f"{_WHO} TABLE --openlineage --html"},
    "notebook": {"": f"{_WHO} --contract NOTEBOOK --param --jupyter"},
    "person": {
        "show --values": f"{_WHO} --subject-from --domain --values --whole-texts",
        "show": f"{_WHO} --subject-from --domain",
        "export": f"{_WHO} --subject-from --domain --out --whole-texts",
        "rectify --withdraw": f"{_CONTRACT} --subject-from --columns --withdraw",
        "rectify": f"{_CONTRACT} --subject-from --columns --values-from",
    },
    "prepare": {
        "--mend-timestamps": f"{_CONTRACT} --mend-timestamps",
        "--all": f"{_WHO} --all --widen",
        "--widen": f"{_CONTRACT} --widen",
        "": f"{_CONTRACT} --reread --from-version",
    },
    "profile": {
        "--from": f"{_WHO} PATH|TABLE --out --from --report",
        "": f"{_WHO} PATH|TABLE --out --option --report",
    },
    "project": {"": _CONTRACT},
    "quarantine": {
        "list": f"{_CONTRACT} --reason --run",
        "show": f"{_CONTRACT} --reason --run --limit",
        "retry": _CONTRACT,
        "discard --run": f"{_CONTRACT} --run",
        "discard": f"{_CONTRACT} --older-than",
    },
    "retain": {"": _CONTRACT, "run": _CONTRACT},
    "report": {"ropa": f"{_WHO} --out", "dpia": f"{_WHO} TABLE --out", "card": f"{_WHO} TABLE --out"},
    "reveal": {"": f"{_CONTRACT} --columns --where --to"},
    "sample": {"": f"{_WHO} --rows --seed"},
    "vectorize": {"": _CONTRACT},
}


def name_of(action: argparse.Action) -> str:
    """An option as it is typed; what stands without a dash by the name that the help gives it."""
    return action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest).replace(" ", "|")


def refuse_unused(job: str, parser: argparse.ArgumentParser, args: argparse.Namespace, argv: Sequence[str]) -> None:
    """Makes sure that all that is typed does something.

    Raises:
        UsageError: an option is not for what the job is asked to do.
    """
    if job not in USES:
        return
    actions = [action for action in parser._actions if _is_typed(action, args, argv)]
    typed = {name_of(action): getattr(args, action.dest, None) for action in actions}
    asked = next(line for line in USES[job] if _fits(line, typed))
    for name in typed:
        if name not in ALWAYS and name != "verb" and name not in USES[job][asked].split():
            users = [line for line, used in USES[job].items() if name in used.split()]
            what = f"{name} does nothing with {f'{job} {asked}'.strip()}"
            todo = f"Leave it out. It is for {' and '.join(filter(None, users))}." if any(users) else "Leave it out."
            raise UsageError(what, where=name, todo=todo, code="usage.unused")


def _is_typed(action: argparse.Action, args: argparse.Namespace, argv: Sequence[str]) -> bool:
    if not action.option_strings:
        return bool(getattr(args, action.dest, None))
    return any(word.partition("=")[0] in action.option_strings for word in argv)


def _fits(line: str, typed: Mapping[str, object]) -> bool:
    """Whether all that a line asks for was typed."""
    for word in line.split():
        name, equals, value = word.partition("=")
        if equals:
            if typed.get(name) != value:
                return False
        elif name not in typed and typed.get("verb") != name:
            return False
    return True
