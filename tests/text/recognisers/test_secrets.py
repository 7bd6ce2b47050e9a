"""Keys, tokens, passwords, wallets."""

import pytest

from support.finding import found, of

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    ("entity", "text", "letters", "why"),
    [
        ("secret", "key AKIAIOSFODNN7EXAMPLE here", "AKIAIOSFODNN7EXAMPLE", "a cloud's key"),
        ("secret", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "a token"),
        ("secret", f"auth {JWT}", JWT, "a signed token"),
        ("secret", f"{PEM} end", PEM, "a private key, whole"),
        ("secret", "postgres://ann:s3cr3t@db.example/x", "s3cr3t", "a password in an address"),
        ("secret", "password: Tr0ub4dor&3", "Tr0ub4dor&3", "after its word"),
        ("secret", "contraseña: Perro2020!", "Perro2020!", "in Spanish"),
        ("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "checks"),
        ("wallet", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", ""),
        ("wallet", "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe", "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe", ""),
    ],
)
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I forgot my password again", "the word alone"),
        ("the secret is out", "a word of a sentence"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "a wallet that does not check"),
        ("password: ${DB_PASSWORD}", "a name of a variable"),
        ("-----BEGIN PUBLIC KEY-----", "public"),
    ],
)
def test_stays(text, why):
    assert found(text) == [], why
