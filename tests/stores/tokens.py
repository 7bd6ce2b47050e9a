"""An issuer of signed tokens, and tokens that it never signed or not for us."""

from __future__ import annotations

import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, NAME = "https://login.example", "STRONGROOM_TOKEN"
RSA, RSA_OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CURVE, EDWARDS = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()


def public(key, kid, algorithm):
    kinds = {"RS256": RSAAlgorithm, "PS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    found = kinds[algorithm].to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": kid, "alg": algorithm, "use": "sig"}


def key_set():
    """The issuer's four public keys."""
    keys = [public(RSA, "r", "RS256"), public(RSA, "p", "PS256"), public(CURVE, "e", "ES256")]
    return json.dumps({"keys": [*keys, public(EDWARDS, "d", "EdDSA")]})


def claims(**more):
    now = int(time.time())
    return {"iss": ISSUER, "aud": "strongroom", "sub": "ada", "iat": now, "exp": now + 600, **more}


def signed(found=None, *, key=RSA, kid="r", algorithm="RS256", **headers):
    kept = {name: value for name, value in (found or claims()).items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid, **headers})


def forged():
    now = int(time.time())
    head, body, mark = signed().split(".")
    other = signed(claims(sub="eve")).split(".")[1]
    public_text = json.dumps(public(RSA, "r", "RS256"))
    hmac_made = jwt.api_jws.encode(json.dumps(claims()).encode(), b"k" * 32, "HS256", headers={"kid": "r"})
    return [
        ("", "no identity token", "none at all"),
        ("x" * 20_000, "no identity token", "more than a token is long"),
        ("not.a.token", "no token that this issuer signed", "noise"),
        (f"{head}.{other}.{mark}", "signature is not the issuer's", "the claims of another token"),
        (f"{head}.{body}.", "signature is not the issuer's", "no signature"),
        (jwt.encode(claims(), None, algorithm="none", headers={"kid": "r"}), "in another way", "the algorithm none"),
        (hmac_made, "in another way", "a public key taken for a secret one"),
        (signed(algorithm="PS256"), "in another way", "a key used for another algorithm"),
        (signed(key=RSA_OTHER), "signature is not the issuer's", "somebody else's key under a known id"),
        (signed(key=RSA_OTHER, kid="x"), "not in the key set", "somebody else's key"),
        (signed(jku="https://evil.example/keys", kid="x"), "not in the key set", "keys from where the token says"),
        (signed(key=RSA_OTHER, kid="x", jwk=json.loads(public_text)), "not in the key set", "a key in the token"),
        (signed(crit=["more"], more=1), "no token that this issuer signed", "a critical header nobody understands"),
        (signed(claims(exp=now - 60)), "expired", "over"),
        (signed(claims(exp=None)), "a claim is missing", "good for ever"),
        (signed(claims(nbf=now + 600)), "not good yet", "too early"),
        (signed(claims(aud="payroll")), "another audience", "made for another service"),
        (signed(claims(aud=None)), "a claim is missing", "made for every service"),
        (signed(claims(iss="https://evil.example")), "another issuer", "of another issuer"),
        (signed(claims(sub=None)), "a claim is missing", "about nobody"),
        (signed(claims(sub="")), "no name", "about nobody"),
        (signed(claims(sub="ada\nuser:eve")), "no name", "more than a name"),
    ]  # fmt: skip
