"""`aws-kms:ARN`: the key-encryption key stays in AWS KMS, which wraps and unwraps for those whom its policy lets.

The wrapped form is that of Tink's AWS KMS extension: KMS's own ciphertext, with the context as `associatedData`, in
hexadecimal, in the encryption context, where CloudTrail shows it. Needs the package boto3; the region comes from the
ARN, credentials and endpoint from where boto3 finds them (`AWS_ENDPOINT_URL_KMS` for a private endpoint).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strongroom.core.errors import EnvironmentFault, KeyFault

MOST_BYTES = 4096
"""What KMS encrypts in one call: a keyring of about forty keys."""


@dataclass(frozen=True, slots=True)
class AwsKms:
    """A symmetric key in AWS KMS."""

    client: Any
    arn: str

    def wrap(self, data: bytes, *, context: bytes) -> bytes:
        if len(data) > MOST_BYTES:
            raise KeyFault(
                "the keyring has more keys than AWS KMS wraps at once",
                where=f"aws-kms:{self.arn}",
                todo="Destroy keys that nothing is written under any more.",
            )
        answer = _asked(
            lambda: self.client.encrypt(KeyId=self.arn, Plaintext=data, EncryptionContext=_context(context)), self.arn
        )
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        answer = _asked(
            lambda: self.client.decrypt(KeyId=self.arn, CiphertextBlob=wrapped, EncryptionContext=_context(context)),
            self.arn,
        )
        return bytes(answer["Plaintext"])


def _asked(call: Callable[[], Any], arn: str) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except ClientError as error:
        word = str(error.response.get("Error", {}).get("Code", "unknown"))
        what, todo = f"AWS KMS says no: {word}", TODO.get(word, "Ask who runs the key.")
        raise KeyFault(what, where=f"aws-kms:{arn}", todo=todo) from None
    except (BotoCoreError, ValueError) as error:  # boto3 tells of a bad endpoint by a plain ValueError
        what = f"AWS KMS cannot be asked: {type(error).__name__}"
        todo = "Check network, region, profile and credentials of this machine; then run again."
        raise KeyFault(what, where=f"aws-kms:{arn}", todo=todo, code="key.unreachable") from None


TODO = {
    "AccessDeniedException": "Let this role use kms:Encrypt and kms:Decrypt on the key.",
    "DisabledException": "Enable the key in KMS again, or point `keys` at another one.",
    "KMSInvalidStateException": "The key is pending deletion or import: cancel that, or restore its material.",
    "NotFoundException": "Check account, region and id in the ARN.",
    "IncorrectKeyException": "Point `keys` at the key that the keyring was made with.",
    "InvalidCiphertextException": "Point `keys` at the key that the keyring was made with, or restore the keyring.",
}
"""What to do about KMS's refusals, by their code."""


def open_provider(arn: str, *, create: bool = False, seconds: float = 10.0) -> AwsKms:  # noqa: ARG001  not ours to make
    """The key of that ARN; nothing is asked of KMS yet. An answer that takes longer than `seconds`, thrice, is none.

    Raises:
        KeyFault: this is no ARN of a KMS key.
        EnvironmentFault: boto3 is not installed.
    """
    parts = arn.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "kms":
        raise KeyFault(
            "this is not the ARN of a KMS key",
            where=f"aws-kms:{arn}",
            todo="Write aws-kms:arn:aws:kms:REGION:ACCOUNT:key/ID, or …:alias/NAME.",
        )
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise EnvironmentFault(
            "the provider aws-kms needs the package boto3",
            where=f"aws-kms:{arn}",
            todo="pip install boto3",
            code="packages.missing",
        ) from None
    patience = Config(
        connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 3, "mode": "standard"}
    )
    return AwsKms(_asked(lambda: boto3.client("kms", region_name=parts[3], config=patience), arn), arn)


def _context(context: bytes) -> dict[str, str]:
    return {"associatedData": context.hex()}
