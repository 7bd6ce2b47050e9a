"""`identity: {provider: token}`: a JSON Web Token (RFC 7519) that the issuer signed for this audience.

The settings name the issuer, its key set (RFC 7517, public keys only), the audience and the claim that holds the name.
The token comes from the environment or a file, never from the command line, where everybody on the machine can read it.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jwt

from strongroom.core.errors import ConfigError, Problem, Refused
from strongroom.core.settings import Settings

_LEEWAY = 30  # seconds that the clocks of issuer and machine may differ
_LARGEST = 16_384
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_TODO = "Get a new token from the issuer."


def user_name(settings: Settings) -> str:
    """The name that the token proves.

    Raises:
        Refused: there is no token, or it is not signed by a key of the set, not yet or no longer good, for somebody
            else's service, from another issuer, or names nobody. The token itself is never shown.
        ConfigError: the key set cannot be read, or holds a key that is no public one.
    """
    asked = settings.identity
    token = _token(asked["token"])
    try:
        header = jwt.get_unverified_header(token)
        key = _key(header.get("kid"), keys=_key_set(asked["keys"]), where=asked["token"])
        if "crit" in header:  # RFC 7515, 4.1.11: what is critical and not understood makes a token invalid
            raise jwt.InvalidTokenError
        claims = jwt.decode(
            token, key, algorithms=[key.algorithm_name], audience=asked["audience"], issuer=asked["issuer"],
            leeway=_LEEWAY, options={"require": ["exp", "iss", "aud", asked["claim"]]},
        )  # fmt: skip
    except jwt.InvalidTokenError as error:
        why = _WHY.get(type(error), "it is no token that this issuer signed")
        raise Refused(f"the identity token is not accepted: {why}", where=asked["token"], todo=_TODO) from None
    name = claims[asked["claim"]]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        what = f"the identity token is not accepted: its claim {asked['claim']!r} is no name"
        raise Refused(what, where=asked["token"], todo="Correct identity.claim in the settings.")
    return name


_WHY = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is not good yet",
    jwt.InvalidAudienceError: "it is for another audience",
    jwt.InvalidIssuerError: "another issuer made it",
    jwt.InvalidSignatureError: "its signature is not the issuer's",
    jwt.InvalidAlgorithmError: "it is signed in another way than its key is for",
    jwt.MissingRequiredClaimError: "a claim is missing (exp, iss, aud or the one that holds the name)",
}


def _token(source: str) -> str:
    """The token from where the settings say it is."""
    kind, _, name = source.partition(":")
    try:
        found = os.environ.get(name, "") if kind == "env" else Path(name).read_text(encoding="ascii")
    except (OSError, ValueError):
        found = ""
    if kind not in ("env", "file") or not 0 < len(found.strip()) <= _LARGEST:
        raise Refused("there is no identity token", where=source, todo="Sign in, and put the token there.")
    return found.strip()


def _key(kid: object, *, keys: dict[str, jwt.PyJWK], where: str) -> jwt.PyJWK:
    """The key that the token names; the only one when it names none."""
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    if not isinstance(kid, str) or kid not in keys:
        what = "the identity token is not accepted: its key is not in the key set"
        raise Refused(what, where=where, todo="Get a new token, or bring identity.keys up to date.")
    return keys[kid]


def _key_set(file: str) -> dict[str, jwt.PyJWK]:
    """The issuer's public keys, by their ids."""
    try:
        found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
        keys = [(str(key.get("kid", place)), key) for place, key in enumerate(found["keys"])]
        if any("d" in key or key.get("kty") == "oct" for _, key in keys):
            raise ConfigError([Problem("A key set holds public keys only.", file, "Take the secret keys out.")])
        used = {name: jwt.PyJWK(key) for name, key in keys if key.get("use", "sig") == "sig"}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        what = f"This is no JSON Web Key Set ({type(error).__name__})."
        raise ConfigError([Problem(what, file, "Take it from the issuer's jwks_uri.")]) from None
    if not used or len(keys) != len({name for name, _ in keys}):
        raise ConfigError([Problem("The key set has no key to verify with, or two of one id.", file)])
    return used
