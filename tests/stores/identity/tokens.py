"""An issuer of signed tokens, and tokens that it never signed or not for us."""

from __future__ import annotations

import base64
import json
import time
import warnings

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, NAME = "https://login.example", "STRONGROOM_TOKEN"
RSA, RSA_OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
RSA_SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
CURVE, EDWARDS = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()


def public(key, kid, algorithm):
    kinds = {"RS256": RSAAlgorithm, "PS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    found = kinds[algorithm].to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": kid, "alg": algorithm, "use": "sig"}


def key_set():
    """The issuer's four public keys, and four that are good for no token, as real issuers have them in one set."""
    other = public(RSA_OTHER, "enc", "RS256")
    keys = [public(RSA_SMALL, "small", "RS256"), other | {"use": "enc"}, other | {"kid": "wrap", "alg": "RSA-OAEP"}]
    keys += [other | {"kid": "ops", "key_ops": ["encrypt"]}]
    keys += [public(RSA, "r", "RS256"), public(RSA, "p", "PS256"), public(CURVE, "e", "ES256")]
    return json.dumps({"keys": [*keys, public(EDWARDS, "d", "EdDSA")]})


def claims(**more):
    now = int(time.time())
    return {"iss": ISSUER, "aud": "strongroom", "sub": "ada", "iat": now, "exp": now + 6 * 3600, **more}


def signed(found=None, *, key=RSA, kid="r", algorithm="RS256", **headers):
    kept = {name: value for name, value in (found or claims()).items() if value is not None}
    with warnings.catch_warnings(action="ignore"):  # of the library: a key is too small, as it is meant to be
        return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid, **headers})


def re_headed(algorithm):
    """A token whose header names that algorithm."""
    head = json.dumps({"alg": algorithm, "kid": "r"}).encode()
    return ".".join([base64.urlsafe_b64encode(head).decode().rstrip("="), *signed().split(".")[1:]])


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
        (jwt.encode(claims(), None, algorithm="none", headers={"kid": "r"}), "algorithm is none of", "unsigned"),
        (hmac_made, "algorithm is none of", "a public key taken for a secret one"),
        (re_headed("XX999"), "algorithm is none of", "an algorithm that nobody knows"),
        (re_headed(["RS256"]), "algorithm is none of", "a list of them"),
        (signed(key=RSA_SMALL, kid="small"), "1,024 bits, fewer than 2,048", "a key that can be broken"),
        (signed(key=RSA_OTHER, kid="enc"), "not meant for signatures", "a key for encryption"),
        (signed(key=RSA_OTHER, kid="ops"), "not meant for signatures", "the same, in other words"),
        (signed(key=RSA_OTHER, kid="wrap"), "is for an algorithm that is none of", "a key that wraps keys"),
        (signed(algorithm="PS256"), "in another way", "a key used for another algorithm"),
        (signed(key=RSA_OTHER), "signature is not the issuer's", "somebody else's key under a known id"),
        (signed(key=RSA_OTHER, kid="x"), "not in the key set", "somebody else's key"),
        (signed(jku="https://evil.example/keys", kid="x"), "not in the key set", "keys from where the token says"),
        (signed(key=RSA_OTHER, kid="x", jwk=json.loads(public_text)), "not in the key set", "a key in the token"),
        (signed(crit=["more"], more=1), "no token that this issuer signed", "a critical header nobody understands"),
        (signed(claims(exp=now - 60)), "expired", "over"),
        (signed(claims(exp=None)), "a claim is missing", "good for ever"),
        (signed(claims(nbf=now + 5 * 3600)), "not good yet", "too early"),
        (signed(claims(aud="payroll")), "another audience", "made for another service"),
        (signed(claims(aud=None)), "a claim is missing", "made for every service"),
        (signed(claims(iss="https://evil.example")), "another issuer", "of another issuer"),
        (signed(claims(sub=None)), "a claim is missing", "about nobody"),
        (signed(claims(sub="")), "no name", "about nobody"),
        (signed(claims(sub="ada\nuser:eve")), "no name", "more than a name"),
    ]  # fmt: skip
