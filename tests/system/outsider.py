"""Reads an installation as somebody who has docs/encryption.md, both key files, `deltalake` and `cryptography`.

Run as a program, isolated from the project: `python -I outsider.py FOLDER`; prints what it found as JSON.
"""

import base64
import json
import sys
from pathlib import Path

import pyarrow as pa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from deltalake import DeltaTable


def fields(data):
    """Numbers and values of a protocol buffer message, as Tink's keysets are written."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = data[at], at + 1
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = number()
        value = number()
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        yield tag >> 3, value


def masters(root):
    """ "The keyring file": id → master key of 32 bytes."""
    kek = base64.b64decode((root / "keys/local.kek").read_text())
    wrapped = base64.b64decode(json.loads((root / "keys/keyring.json").read_text())["encryptedKeyset"])
    keyset = AESGCM(kek).decrypt(wrapped[:12], wrapped[12:], b"strongroom keyring v1")
    found = {}
    for number, key in fields(keyset):
        if number == 2:  # tink.proto: Keyset.key
            entry = dict(fields(key))  # 1 key_data, 3 key_id
            prf = dict(fields(dict(fields(entry[1]))[2]))  # KeyData.value is an HkdfPrfKey; its key_value is 3
            found[entry[3]] = prf[3]
    return found


def derived(master, info, length):
    """ "Keys"."""
    return HKDF(hashes.SHA256(), length, salt=None, info=info.encode()).derive(master)


def opened(value, keys, info, associated, *, randomised=False):
    """ "`encrypt`: values that open again"."""
    if value is None:
        return None
    assert value[0] == 1
    key = derived(keys[int.from_bytes(value[1:5])], info, 64)
    clear = AESSIV(key).decrypt(value[5:], [associated.encode()])
    return clear[16:] if randomised else clear


def token(message, key_id, master, info):
    """ "`hash`: tokens"."""
    return base64.urlsafe_b64encode(b"\x01" + key_id.to_bytes(4) + cmac(message, master, info)).decode().rstrip("=")


def cmac(message, master, info):
    """ "`_subject`: whose a row is"."""
    mac = CMAC(AES(derived(master, info, 32)))
    mac.update(message)
    return mac.finalize()


def rows(root, table, columns):
    return pa.table(DeltaTable(str(root / "lake" / table)).scan(columns=columns)).to_pylist()


def main(root):
    keys = masters(root)
    subjects = keys.pop(0x5B1EC700)
    ((key_id, master),) = keys.items()
    reviews = {
        row["review_id"]: [
            row["user_id"],
            opened(
                row["email"], keys, "strongroom|v1|encryption|domain|email", "v1|email|training.reviews|email|string"
            ).decode(),
        ]
        for row in rows(root, "training/reviews", ["review_id", "user_id", "email"])
    }
    notes = [
        opened(
            row["notes"], keys, "strongroom|v1|encryption|column|training.customers|notes",
            "v1||training.customers|notes|string randomised", randomised=True,
        )
        for row in rows(root, "training/customers", ["notes"])
    ]  # fmt: skip
    aside = [
        opened(
            row["row"], keys, "strongroom|v1|quarantine|training.reviews",
            "v1|quarantine|training.reviews||binary randomised", randomised=True,
        ).decode()
        for row in rows(root, "quarantine/reviews", ["row"])
    ]  # fmt: skip
    info = "strongroom|v1|token|aes-cmac|domain|person"
    people = {str(number): token(str(number).encode(), key_id, master, info) for number in range(1, 2001)}
    tag = "strongroom|v1|subject|domain|person"
    tags = {str(number): cmac(str(number).encode(), subjects, tag).hex() for number in range(1, 2001)}
    assert "strongroom" not in sys.modules
    found = {
        "tags": tags,
        "reviews": reviews,
        "notes": [None if text is None else text.decode() for text in notes],
        "quarantine": aside,
    }
    print(json.dumps(found | {"people": people}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
