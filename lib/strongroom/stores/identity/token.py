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

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those of RFC 7518 and 8037 that sign with a private key."""
_CURVES = ("P-256", "P-384", "P-521", "Ed25519", "Ed448")
_LEAST_BITS = 2048  # RFC 7518, 3.3
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
        if header.get("alg") not in ALGORITHMS:
            what = f"the identity token is not accepted: its algorithm is none of {', '.join(ALGORITHMS)}"
            raise Refused(what, where=asked["token"], todo=_TODO, code="identity.refused")
        key = _key(header.get("kid"), keys=_key_set(asked["keys"]), where=asked["token"])
        if "crit" in header:  # RFC 7515, 4.1.11: what is critical and not understood makes a token invalid
            raise jwt.InvalidTokenError
        claims = jwt.decode(
            token, key, algorithms=[key.algorithm_name], audience=asked["audience"], issuer=asked["issuer"],
            leeway=_LEEWAY, options={"require": ["exp", "iss", "aud", asked["claim"]]},
        )  # fmt: skip
    except jwt.InvalidTokenError as error:
        why = _WHY.get(type(error), "it is no token that this issuer signed")
        raise Refused(
            f"the identity token is not accepted: {why}", where=asked["token"], todo=_TODO, code="identity.refused"
        ) from None
    name = claims[asked["claim"]]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        what = f"the identity token is not accepted: its claim {asked['claim']!r} is no name"
        raise Refused(
            what, where=asked["token"], todo="Correct identity.claim in the settings.", code="identity.refused"
        )
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
        raise Refused(
            "there is no identity token",
            where=source,
            todo="Sign in, and put the token there.",
            code="identity.missing",
        )
    return found.strip()


def _key(kid: object, *, keys: dict[str, jwt.PyJWK | str], where: str) -> jwt.PyJWK:
    """The key that the token names; the only one when it names none."""
    good = [key for key in keys.values() if isinstance(key, jwt.PyJWK)]
    found = good[0] if kid is None and len(good) == 1 else keys.get(kid, "") if isinstance(kid, str) else ""
    if isinstance(found, str):
        why = found or "is not in the key set"
        what, todo = f"the identity token is not accepted: its key {why}", "Get a new token"
        raise Refused(what, where=where, todo=f"{todo}, or bring identity.keys up to date.", code="identity.refused")
    return found


def _key_set(file: str) -> dict[str, jwt.PyJWK | str]:
    """The issuer's public keys by their ids; of one that is good for no signature, the reason."""
    try:
        found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
        keys = [(str(key.get("kid", place)), key) for place, key in enumerate(found["keys"])]
        if any("d" in key or key.get("kty") == "oct" for _, key in keys):
            raise ConfigError(
                [Problem("A key set holds public keys only.", file, "Take the secret keys out.", "identity.keys")]
            )
        used = {name: _fault(key) or jwt.PyJWK(key) for name, key in keys}
        used = {name: _too_small(key) or key for name, key in used.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        what = f"This is no JSON Web Key Set ({type(error).__name__})."
        raise ConfigError([Problem(what, file, "Take it from the issuer's jwks_uri.", "identity.keys")]) from None
    if len(keys) != len(used):
        raise ConfigError(
            [Problem("The key set has two keys of one id.", file, "Take it from the issuer anew.", "identity.keys")]
        )
    if not any(isinstance(key, jwt.PyJWK) for key in used.values()):
        reasons = [f"; one {why}" for why in dict.fromkeys(used.values())]
        what = f"The key set has no key to verify with{''.join(reasons)}."
        raise ConfigError([Problem(what, file, "Take it from the issuer's jwks_uri.", "identity.keys")])
    return used


def _fault(key: dict[str, Any]) -> str:
    """Why a key is for no signature of ours, by what it says of itself; empty when it is."""
    uses = key.get("key_ops", ["verify"])
    if key.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        return "is not meant for signatures"
    if key.get("alg", ALGORITHMS[0]) not in ALGORITHMS:
        return f"is for an algorithm that is none of {', '.join(ALGORITHMS)}"
    if key["kty"] not in ("RSA", "EC", "OKP") or key.get("crv", "P-256") not in _CURVES:
        return "is of a kind that signs no token here"
    return ""


def _too_small(key: jwt.PyJWK | str) -> str:
    bits = getattr(getattr(key, "key", None), "key_size", _LEAST_BITS)
    rsa = isinstance(key, jwt.PyJWK) and key.key_type == "RSA"
    return f"has {bits:,} bits, fewer than {_LEAST_BITS:,}" if rsa and bits < _LEAST_BITS else ""
