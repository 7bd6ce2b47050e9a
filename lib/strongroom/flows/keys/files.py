"""The way of keys in and out of an installation: Tink keysets in files, with the keys in clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.protection import is_keyed, opens
from strongroom.core.errors import KeyFault, Refused, UsageError
from strongroom.core.keys.ring import SUBJECTS, Keyring, Status
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import did_you_mean
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of
from strongroom.protect.methods.encrypt import bound_to, encryption_info
from strongroom.protect.methods.hash import token_info
from strongroom.protect.methods.row_key import row_key
from strongroom.stores.keys import save_keyring
from strongroom.stores.keys.tink_format import AES_CMAC, AES_SIV, HMAC, clear_json, read_clear_json
from strongroom.stores.whole_file import write_first


def permit_column(job: Job) -> None:
    """Whether this principal may have the key of the column that the command names.

    A key opens every column that it is the key of, in every row and in clear, for whoever has it: so this takes the
    right to reveal all of that.

    Raises:
        Refused: the policy said no.
        UsageError: the column has no key.
    """
    contract, leaf = named_column(job)
    info = _key_of(leaf, table=contract.training)[0]
    others = [each for each in contracts_in(job.settings.contracts) if each.name != contract.name]
    for each in (contract, *others):
        table = f"training.{each.name}"
        opened = [column.name for column in each.columns if any(_opens(info, part, table) for part in column.leaves())]
        if opened:
            _permit_all(job, each, opened, key=f"training.{contract.name}.{leaf.path}")


def _permit_all(job: Job, contract: Contract, columns: Sequence[str], *, key: str) -> None:
    table = contract.training
    try:
        decision = permit(job, "reveal", table, columns=columns, contract=contract)
    except Refused as no:
        what = f"the key of {key} opens {', '.join(columns)} of {table}. {no.what}"
        raise Refused(what, where=no.where, todo=no.todo, code=no.code) from None
    if decision.rows or decision.conditions:
        what = f"the key of {key} opens every row of {table}, and the grant gives some of them only"
        where = ", ".join(rule.where for rule in decision.grants)
        raise Refused(what, where=where, todo="Use `reveal`, which keeps to the grant.")


def _opens(info: str, leaf: Column, table: str) -> bool:
    return is_keyed(leaf) and _key_of(leaf, table=table)[0] == info


def named_column(job: Job) -> tuple[Contract, Column]:
    """The contract and the column that the command names.

    Raises:
        UsageError: there is no such column.
    """
    contract = contract_of(job, "prepare")
    leaf = next((leaf for leaf in contract.leaves() if leaf.path == job.args.column), None)
    if leaf is None:
        known = [leaf.path for leaf in contract.leaves()]
        raise UsageError("there is no such column", where=contract.file, todo=did_you_mean(job.args.column, known))
    return contract, leaf


def exported(job: Job, ring: Keyring) -> Outcome:
    """Keys in clear, in a new file that only its owner can read."""
    if not job.args.column:
        _write_new(job, clear_json(ring.primary, ring.keys))
        facts = {"file": job.args.what}
        answer = {**facts, "table": None, "column": None, "associated_data": None}
        return Outcome(summary=f"{job.args.what} holds every master key in clear.", facts=facts, answer=answer)
    contract, leaf = named_column(job)
    table = contract.training
    _write_new(job, column_keyset(leaf, table=table, ring=ring))
    said = f"{job.args.what} holds the keys of {table}.{leaf.path} in clear, as a Tink keyset."
    bound = None
    if opens(leaf):
        key = row_key(leaf)
        bound = bound_to(leaf, table=table).decode() + (f"{{{key}}}" if key else "")
        said += f"\nAssociated data of its values: {bound}"
        said += f"\n{{{key}}} is that column of the same row, as it lies in the table." if key else ""
    facts = {"file": job.args.what, "table": table, "column": leaf.path}
    return Outcome(summary=said, facts=facts, answer={**facts, "associated_data": bound})


def imported(job: Job, ring: Keyring) -> Outcome:
    """The file's keys beside ours; a key that is here already stays as it is."""
    try:
        text = _file(job).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError("the file cannot be read", where=job.args.what, todo="Give a keyset in Tink's JSON.") from None
    primary, keys = read_clear_json(text, where=job.args.what)
    ours = {key.id: key for key in ring.keys}
    for key in keys:
        if key.id in ours and key.secret and ours[key.id].secret not in (None, key.secret):
            raise KeyFault(
                f"another key {key.name} is here already",
                where=ring.handle.where,
                todo="Leave it out of the file: tags of two installations cannot become one."
                if key.id == SUBJECTS
                else "Give it another id where it comes from; values carry the id.",
            )
    for key in keys:
        if key.id == SUBJECTS and key.status is not Status.ENABLED:
            what, todo = (
                f"key {key.name} tags data subjects, and is {key.status} in the file",
                "Leave it out of the file.",
            )
            raise KeyFault(what, where=job.args.what, todo=todo)
    fresh = tuple(key for key in keys if key.id not in ours)
    gone = [key.name for key in keys if key.secret and key.id in ours and ours[key.id].secret is None]
    saved(job, replace(ring, primary=primary if job.args.primary else ring.primary, keys=(*ring.keys, *fresh)))
    names = ", ".join(key.name for key in fresh) or "none"
    after = f"Now delete {job.args.what}."
    if gone:
        after = f"Destroyed here, and they stay so: {', '.join(gone)}. {job.args.what} still holds them in clear."
    facts = {"keys": [key.name for key in fresh]}
    return Outcome(summary=f"New keys: {names}. {after}", facts=facts, answer={**facts, "destroyed_here": gone})


def column_keyset(leaf: Column, *, table: str, ring: Keyring) -> str:
    """The keys of one column as a Tink keyset in clear: AES-SIV for what is encrypted, a MAC for tokens.

    Raises:
        UsageError: the column has no key.
    """
    info, length, type_url = _key_of(leaf, table=table)
    keys = [replace(ring.key(id_), secret=ring.derive(info, length=length, key_id=id_)) for id_ in ring.enabled]
    return clear_json(ring.primary, keys, type_url=type_url)


def _key_of(leaf: Column, *, table: str) -> tuple[str, int, str]:
    """The name of a column's key, its length in bytes, and Tink's type for it.

    Raises:
        UsageError: the column has no key.
    """
    if opens(leaf):
        return encryption_info(leaf, table=table), 64, AES_SIV
    if leaf.protect and is_keyed(leaf):
        hmac = leaf.protect.options.get("profile") == "hmac-sha256"
        return token_info(leaf, table=table), 32, HMAC if hmac else AES_CMAC
    raise UsageError("the column has no key", where=leaf.path, todo="Name one that is hashed or encrypted.")


def saved(job: Job, ring: Keyring) -> Keyring:
    """The ring in its file; a dry run stops here."""
    return ring if job.args.dry_run else save_keyring(ring)


def _file(job: Job) -> Path:
    if not job.args.what:
        raise UsageError(f"`keys {job.args.verb}` needs a file", todo=f"Write keys {job.args.verb} FILE.")
    return Path(job.args.what)


def _write_new(job: Job, text: str) -> None:
    """A new file of mode 0600; one that is there is never touched."""
    file = _file(job)
    if job.args.dry_run:
        return
    try:
        made = write_first(file, f"{text}\n".encode(), mode=0o600)
    except OSError as fault:
        raise UsageError(f"the file cannot be made: {fault.strerror}", where=str(file), todo="Name another.") from None
    if not made:
        raise UsageError("the file cannot be made: File exists", where=str(file), todo="Name another.")
