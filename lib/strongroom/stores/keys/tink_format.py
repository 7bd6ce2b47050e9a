"""Tink's keyset forms, so that other tools read our keys and we read theirs.

Protocol buffer field numbers and JSON names are those of Tink's `proto/tink.proto`, `hkdf_prf.proto`, `aes_siv.proto`,
`aes_cmac.proto` and `hmac.proto`. Only what a keyset of ours needs is written; only that is read.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence

from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Inventory, Key, Status
from strongroom.core.secret import Secret

PRF = "type.googleapis.com/google.crypto.tink.HkdfPrfKey"
AES_SIV = "type.googleapis.com/google.crypto.tink.AesSivKey"
AES_CMAC = "type.googleapis.com/google.crypto.tink.AesCmacKey"
HMAC = "type.googleapis.com/google.crypto.tink.HmacKey"

STATUSES = {1: Status.ENABLED, 2: Status.DISABLED, 3: Status.DESTROYED}
STATUS_NUMBERS = {status: number for number, status in STATUSES.items()}
PREFIX_WORDS = {1: "TINK", 3: "RAW"}
PREFIX_NUMBERS = {word: number for number, word in PREFIX_WORDS.items()}
SHA256 = 3  # HashType of common.proto
SYMMETRIC = 1  # KeyMaterialType

Fields = Sequence[tuple[int, int | bytes]]


def message(fields: Fields) -> bytes:
    """A protocol buffer message of varint and length-delimited fields; zero varints are left out, as proto3 does."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            if value:
                out += varint(number << 3) + varint(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return bytes(out)


def varint(value: int) -> bytes:
    """The value in groups of seven bits, lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def read_message(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value of each field of a message.

    Raises:
        ValueError: the bytes end early or hold a wire type that keysets do not use.
    """
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        value, at = read_varint(data, at)
        if wire == 0:
            yield number, value
        elif wire == 2 and at + value <= len(data):
            yield number, data[at : at + value]
            at += value
        else:
            raise ValueError("not a keyset")


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at that place, and the place after it."""
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
    raise ValueError("not a keyset")


def key_value(type_url: str, secret: Secret) -> bytes:
    """The key as the message of its type: HKDF-SHA256 without salt, AES-SIV, AES-CMAC with 16-byte tags,
    HMAC-SHA256.
    """
    data = secret.reveal()
    if type_url == PRF:
        return message([(2, message([(1, SHA256)])), (3, data)])
    if type_url == AES_SIV:
        return message([(2, data)])
    if type_url == AES_CMAC:
        return message([(2, data), (3, message([(1, 16)]))])
    if type_url == HMAC:
        return message([(2, message([(1, SHA256), (2, 16)])), (3, data)])
    raise ValueError(f"no such key type: {type_url}")


def read_master(value: bytes) -> Secret:
    """The master key in an HKDF PRF key of Tink's.

    Raises:
        ValueError: it has a salt, another hash than SHA-256, or another length than 32 bytes.
    """
    fields = dict(read_message(value))
    params = fields.get(2, b"")
    data = fields.get(3, b"")
    if not isinstance(params, bytes) or not isinstance(data, bytes) or fields.get(1, 0) != 0:
        raise ValueError("not an HKDF PRF key")
    settings = dict(read_message(params))
    if settings.get(1) != SHA256 or settings.get(2, b"") or len(data) != 32:
        raise ValueError("not an HKDF-SHA256 key of 32 bytes without salt")
    return Secret(data)


def read_siv(value: bytes) -> Secret:
    """The key in an AES-SIV key of Tink's.

    Raises:
        ValueError: it is of another version or length than ours.
    """
    fields = dict(read_message(value))
    data = fields.get(2, b"")
    if fields.get(1, 0) != 0 or not isinstance(data, bytes) or len(data) != 64:
        raise ValueError("not an AES-SIV key of 64 bytes")
    return Secret(data)


def keyset(primary: int, keys: Sequence[Key], *, type_url: str = PRF) -> bytes:
    """The keyset as Tink's binary message. Master keys carry no prefix (RAW), keys on data do (TINK)."""
    prefix = PREFIX_NUMBERS["RAW" if type_url == PRF else "TINK"]
    fields: list[tuple[int, int | bytes]] = [(1, primary)]
    for key in keys:
        entry: list[tuple[int, int | bytes]] = []
        if key.secret is not None:
            entry.append((1, message([(1, type_url.encode()), (2, key_value(type_url, key.secret)), (3, SYMMETRIC)])))
        entry += [(2, STATUS_NUMBERS[key.status]), (3, key.id), (4, prefix)]
        fields.append((2, message(entry)))
    return message(fields)


def read_keyset(data: bytes, *, type_url: str = PRF) -> tuple[int, tuple[Key, ...]]:
    """Primary id and keys of a binary keyset: master keys, or AES-SIV keys of 64 bytes.

    Raises:
        ValueError: it is no keyset, or holds anything but keys of that type, as `read_master` and `read_siv` want them.
    """
    primary, keys = 0, []
    for number, value in read_message(data):
        if number == 1 and isinstance(value, int):
            primary = value
        elif number == 2 and isinstance(value, bytes):
            keys.append(_read_key(dict(read_message(value)), type_url))
    return primary, tuple(keys)


def _read_key(entry: Mapping[int, int | bytes], type_url: str) -> Key:
    status, key_id, data = STATUSES.get(_number(entry, 2)), _number(entry, 3), entry.get(1, b"")
    if status is None or not isinstance(data, bytes):
        raise ValueError("not a keyset")
    if status is Status.DESTROYED:
        return Key(key_id, status, None)
    fields = dict(read_message(data))
    value = fields.get(2, b"")
    if fields.get(1) != type_url.encode() or not isinstance(value, bytes):
        raise ValueError("not a key of that type")
    return Key(key_id, status, read_master(value) if type_url == PRF else read_siv(value))


def _number(fields: Mapping[int, int | bytes], number: int) -> int:
    value = fields.get(number, 0)
    return value if isinstance(value, int) else 0


def clear_json(primary: int, keys: Sequence[Key], *, type_url: str = PRF) -> str:
    """The keyset in Tink's JSON form with its keys **in clear**, for `tink.json_proto_keyset_format` and tinkey."""
    entries = []
    for key in keys:
        entry: dict[str, object] = {}
        if key.secret is not None:
            value = base64.b64encode(key_value(type_url, key.secret)).decode()
            entry["keyData"] = {"typeUrl": type_url, "value": value, "keyMaterialType": "SYMMETRIC"}
        prefix = "RAW" if type_url == PRF else "TINK"
        entries.append(
            entry | {"status": key.status.name, "keyId": key.id, "outputPrefixType": prefix},
        )
    return json.dumps({"primaryKeyId": primary, "key": entries}, indent=1)


def read_clear_json(text: str, *, where: str) -> tuple[int, tuple[Key, ...]]:
    """Primary id and master keys of a keyset in Tink's JSON form.

    Raises:
        KeyFault: it is not JSON, not a keyset, or holds other keys than HKDF-SHA256 PRF keys of 32 bytes.
    """
    try:
        found = json.loads(text)
        keys = tuple(_read_clear_key(entry) for entry in found["key"])
        return int(found["primaryKeyId"]), keys
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFault(
            "this is not a keyset of HKDF-SHA256 PRF keys of 32 bytes in Tink's JSON form",
            where=where,
            todo="Export it with `keys export`, or make one with Tink's template HKDF_SHA256.",
        ) from None


def _read_clear_key(entry: Mapping[str, object]) -> Key:
    status, key_id, data = Status[str(entry["status"])], entry["keyId"], entry.get("keyData")
    if not isinstance(key_id, int):
        raise TypeError("a key id is a number")
    if status is Status.DESTROYED:
        return Key(key_id, status, None)
    if not isinstance(data, dict) or data["typeUrl"] != PRF:
        raise TypeError("not an HKDF PRF key")
    return Key(key_id, status, read_master(base64.b64decode(data["value"], validate=True)))


def wrapped_json(wrapped: bytes, *, primary: int, keys: Sequence[Key]) -> bytes:
    """The keyring file: Tink's encrypted keyset in JSON, with ids and states readable and every key wrapped."""
    return (json.dumps(encrypted_keyset(wrapped, primary=primary, keys=keys), indent=1) + "\n").encode()


def encrypted_keyset(wrapped: bytes, *, primary: int, keys: Sequence[Key], type_url: str = PRF) -> dict[str, object]:
    """Tink's encrypted keyset as JSON has it, of keys of one type."""
    prefix = "RAW" if type_url == PRF else "TINK"
    info = [
        {"typeUrl": type_url, "status": key.status.name, "keyId": key.id, "outputPrefixType": prefix} for key in keys
    ]
    return {
        "encryptedKeyset": base64.b64encode(wrapped).decode(),
        "keysetInfo": {"primaryKeyId": primary, "keyInfo": info},
    }


def read_wrapped_json(data: bytes, *, where: str) -> bytes:
    """The wrapped keyset inside a keyring file.

    Raises:
        KeyFault: the file is truncated or not a keyring.
    """
    try:
        return base64.b64decode(json.loads(data)["encryptedKeyset"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise _damaged(where) from None


def read_inventory(data: bytes, *, where: str) -> Inventory:
    """Which keys a keyring file says there are: what stands beside the wrapped keyset, and nothing proves it.

    Raises:
        KeyFault: the file is truncated or not a keyring.
    """
    try:
        info = json.loads(data)["keysetInfo"]
        states = {int(entry["keyId"]): Status[str(entry["status"])] for entry in info["keyInfo"]}
        return Inventory(int(info["primaryKeyId"]), states)
    except (ValueError, KeyError, TypeError):
        raise _damaged(where) from None


def _damaged(where: str) -> KeyFault:
    what, todo = "the keyring file is damaged or not a keyring", "Restore it from a copy; without it, nothing opens."
    return KeyFault(what, where=where, todo=todo)
