"""Who asks is proven by the system, by Databricks or by a signed token, and never by the environment alone."""

from __future__ import annotations

import json
import os
import pwd
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import RSAAlgorithm

from stores.identity.tokens import CURVE, EDWARDS, ISSUER, NAME, RSA, RSA_SMALL, claims, forged, key_set, public, signed
from strongroom.core.errors import ConfigError, EnvironmentFault, Refused
from strongroom.core.run import Caller
from strongroom.core.settings import Settings
from strongroom.stores.identity import whoami

PEM = serialization.Encoding.PEM
PLAIN = Settings(file="", lake="", keys="", keyring="", policy="", contracts="")


def nobody():
    raise AssertionError("no session is needed")


def test_the_settings_name_the_principal():
    assert whoami(replace(PLAIN, principal="user:engineer"), nobody) == Caller("user:engineer", "")


@pytest.mark.parametrize("identity", [{}, {"provider": "system"}])
def test_otherwise_it_is_the_owner_of_the_process_whatever_the_environment_says(monkeypatch, identity):
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    found = whoami(replace(PLAIN, identity=identity), nobody)
    assert found == Caller(f"user:{pwd.getpwuid(os.geteuid()).pw_name}", "system")


def test_a_user_without_a_name_is_told_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 2**31 - 7)
    with pytest.raises(EnvironmentFault, match="no name"):
        whoami(PLAIN, nobody)


# Signed tokens


@pytest.fixture
def asking(tmp_path):
    """The settings of an issuer with four keys."""
    file = tmp_path / "keys.json"
    file.write_text(key_set())
    identity = {
        "provider": "token", "keys": str(file), "issuer": ISSUER, "audience": "strongroom", "claim": "sub",
        "token": f"env:{NAME}",
    }  # fmt: skip
    return replace(PLAIN, identity=identity)


@pytest.mark.parametrize(
    ("kid", "key", "algorithm"),
    [("r", RSA, "RS256"), ("p", RSA, "PS256"), ("e", CURVE, "ES256"), ("d", EDWARDS, "EdDSA")],
)
def test_a_token_names_the_caller(asking, monkeypatch, kid, key, algorithm):
    monkeypatch.setenv(NAME, f"{signed(key=key, kid=kid, algorithm=algorithm)}\n")
    assert whoami(asking, nobody) == Caller("user:ada", "token")


def test_another_claim_may_hold_the_name_and_a_file_the_token(asking, tmp_path):
    (tmp_path / "token").write_text(signed(claims(email="ada@example.com", aud=["other", "strongroom"])))
    identity = {**asking.identity, "claim": "email", "token": f"file:{tmp_path / 'token'}"}
    assert whoami(replace(asking, identity=identity), nobody) == Caller("user:ada@example.com", "token")


@pytest.mark.parametrize(("token", "what", "why"), forged(), ids=[case[2] for case in forged()])
def test_a_forged_or_foreign_token_is_refused(asking, monkeypatch, token, what, why):
    monkeypatch.setenv(NAME, token)
    with pytest.raises(Refused) as refused:
        whoami(asking, nobody)
    assert what in str(refused.value), why
    assert refused.value.where == f"env:{NAME}"
    assert not any(part in str(refused.value) for part in token.split(".") if len(part) > 9), "a token is never shown"
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "what", "why"),
    [
        ("", "no JSON Web Key Set", "an empty file"),
        ("[]", "no JSON Web Key Set", "no mapping"),
        ('{"keys": []}', "no key to verify with", "no key"),
        (json.dumps({"keys": [public(RSA_SMALL, "a", "RS256")]}), "has 1,024 bits", "one that can be broken"),
        (json.dumps({"keys": [public(RSA, "a", "RS256") | {"use": "enc"}]}), "not meant for signatures", "another use"),
        (json.dumps({"keys": [public(RSA, "a", "RS256") | {"key_ops": ["encrypt"]}]}), "not meant for", "other words"),
        (json.dumps({"keys": [public(RSA, "a", "RS256") | {"key_ops": "verify"}]}), "not meant for", "no list"),
        (json.dumps({"keys": [public(RSA, "a", "RS256") | {"alg": "XX1"}]}), "an algorithm that is none", "unknown"),
        (json.dumps({"keys": [public(CURVE, "a", "ES256") | {"crv": "secp256k1"}]}), "of a kind that signs", "a curve"),
        (json.dumps({"keys": [public(RSA, "a", "RS256")] * 2}), "two keys of one id", "an id twice"),
        ('{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}]}', "public keys only", "a secret shared by all"),
        (json.dumps({"keys": [RSAAlgorithm.to_jwk(RSA, as_dict=True)]}), "public keys only", "the issuer's own key"),
        ('{"keys": [{"kty": "RSA", "kid": "r"}]}', "no JSON Web Key Set", "half a key"),
    ],
)
def test_a_key_set_that_is_not_sound_is_refused(asking, monkeypatch, text, what, why):
    Path(asking.identity["keys"]).write_text(text)
    monkeypatch.setenv(NAME, signed())
    with pytest.raises(ConfigError) as refused:
        whoami(asking, nobody)
    assert what in str(refused.value), why
    assert asking.identity["keys"] in str(refused.value)


# Databricks


class Workspace(BaseHTTPRequestHandler):
    answer = (200, b"{}")
    seen: list = []  # noqa: RUF012

    def do_GET(self):
        self.seen.append((self.path, self.headers["Authorization"]))
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def workspace(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Workspace)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DATABRICKS_HOST", "https://of-whoever-starts-the-job.example")
    monkeypatch.setenv("DATABRICKS_TOKEN", "workspace-token")
    Workspace.seen.clear()
    Workspace.settings = replace(
        PLAIN, identity={"provider": "databricks", "host": f"http://127.0.0.1:{server.server_port}"}
    )
    yield Workspace
    server.shutdown()
    server.server_close()


def test_outside_databricks_the_workspace_says_whose_token_it_is(workspace):
    workspace.answer = (200, b'{"userName": "ada@example.com"}')
    assert whoami(workspace.settings, nobody) == Caller("user:ada@example.com", "databricks")
    assert workspace.seen == [("/api/2.0/preview/scim/v2/Me", "Bearer workspace-token")]


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (401, b"", "HTTP 401"), (200, b"<html>", "no JSON"), (200, b"[" * 100_000, "no JSON"),
        (200, b"{}", "names no user"), (200, b"[]", "names no user"),
    ],
)  # fmt: skip
def test_a_workspace_that_names_nobody_is_told(workspace, status, body, what):
    workspace.answer = (status, body)
    with pytest.raises(EnvironmentFault, match=what) as fault:
        whoami(workspace.settings, nobody)
    assert "workspace-token" not in str(fault.value)


@pytest.mark.parametrize("answer", [b"", b"junkmarker\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"])
def test_a_workspace_that_breaks_off_or_talks_nonsense_is_told_and_not_quoted(monkeypatch, answer):
    class Broken(BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(answer)

    monkeypatch.setenv("DATABRICKS_TOKEN", "workspace-token")
    with ThreadingTCPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_address[1]}"
        with pytest.raises(EnvironmentFault, match="cannot be asked") as fault:
            whoami(replace(PLAIN, identity={"provider": "databricks", "host": host}), nobody)
        server.shutdown()
    assert "junkmarker" not in str(fault.value)
    assert fault.value.__suppress_context__


@pytest.mark.parametrize("identity", [{"provider": "databricks"}, {}])
def test_the_environment_makes_nobody_a_user_of_databricks(workspace, monkeypatch, identity):
    """Neither a runtime that is not there nor a workspace of one's own, which would name whomever one likes."""
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    monkeypatch.setenv("DATABRICKS_HOST", workspace.settings.identity["host"])
    workspace.answer = (200, b'{"userName": "the-boss@example.com"}')
    settings = replace(PLAIN, principal="" if identity else "user:engineer", identity=identity)
    if identity:
        with pytest.raises(EnvironmentFault, match="no cluster of Databricks"):
            whoami(settings, nobody)
    else:
        assert whoami(settings, nobody) == Caller("user:engineer", "")
    assert workspace.seen == []


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """The workspace's answer over https, under an authority of whoever made it."""
    authority, server_pem = certificates(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Workspace)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DATABRICKS_TOKEN", "workspace-token")
    Workspace.seen.clear()
    Workspace.answer = (200, b'{"userName": "the-boss@example.com"}')
    host = f"https://localhost:{server.server_port}"
    yield replace(PLAIN, identity={"provider": "databricks", "host": host}), authority
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_an_authority_of_the_callers_own_proves_nothing(secure, monkeypatch, variable):
    settings, authority = secure
    monkeypatch.setenv(variable, str(authority if variable == "SSL_CERT_FILE" else authority.parent))
    with urlopen(settings.identity["host"], context=ssl.create_default_context()) as answer:
        assert b"the-boss" in answer.read(), "Python itself believes the variable"
    Workspace.seen.clear()
    with pytest.raises(EnvironmentFault, match="cannot be asked"):
        whoami(settings, nobody)
    assert Workspace.seen == [], "nor was the token sent"


def test_an_authority_that_the_system_was_built_with_proves_it(secure, monkeypatch):
    settings, authority = secure
    paths = ssl.get_default_verify_paths()._replace(openssl_cafile=str(authority), openssl_capath="/none")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    assert whoami(settings, nobody) == Caller("user:the-boss@example.com", "databricks")
    elsewhere = settings.identity["host"].replace("localhost", "127.0.0.1")
    with pytest.raises(EnvironmentFault, match="cannot be asked"):
        whoami(replace(settings, identity={**settings.identity, "host": elsewhere}), nobody)


def test_a_proxy_of_the_callers_own_answers_for_no_workspace(workspace, monkeypatch):
    workspace.answer = (200, b'{"userName": "the-boss@example.com"}')
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, workspace.settings.identity["host"])
    monkeypatch.setenv("no_proxy", "")
    nowhere = replace(PLAIN, identity={"provider": "databricks", "host": "http://127.0.0.1:9"})
    with pytest.raises(EnvironmentFault, match="cannot be asked"):
        whoami(nowhere, nobody)
    assert workspace.seen == []


def test_the_token_goes_to_the_workspace_and_follows_no_redirect(workspace):
    host = workspace.settings.identity["host"]

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"{host}/me")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        identity = {"provider": "databricks", "host": f"http://127.0.0.1:{server.server_port}"}
        with pytest.raises(EnvironmentFault, match="HTTP 302"):
            whoami(replace(PLAIN, identity=identity), nobody)
        server.shutdown()
    assert workspace.seen == []


def certificates(folder):
    """An authority's certificate, alone in a folder as OpenSSL looks it up, and one of its server's with its key."""
    key, until = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) + timedelta(days=1)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of one's own")])

    def issue(subject, public, *extensions):
        made = x509.CertificateBuilder(
            name, subject, public, x509.random_serial_number(), until - timedelta(days=2), until
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=True)
        return made.sign(key, hashes.SHA256())

    root = issue(name, key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    own = ec.generate_private_key(ec.SECP256R1())
    host = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    leaf = issue(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), own.public_key(), host)
    (folder / "authorities").mkdir()
    hashed = subprocess.run(["openssl", "x509", "-hash", "-noout"], input=root.public_bytes(PEM), capture_output=True)
    authority = folder / "authorities" / f"{hashed.stdout.decode().strip()}.0"
    authority.write_bytes(root.public_bytes(PEM))
    server = folder / "server.pem"
    kind = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    server.write_bytes(own.private_bytes(PEM, *kind) + leaf.public_bytes(PEM))
    return authority, server


@pytest.mark.spark
def test_on_a_cluster_the_session_says_it_and_the_settings_whether_it_is_proof(spark, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    monkeypatch.setattr("strongroom.stores.identity.databricks.CLUSTER", Path("/usr"))
    name = f"user:{spark.sql('SELECT current_user()').first()[0]}"
    assert whoami(replace(PLAIN, identity={"provider": "databricks"}), lambda: spark) == Caller(name, "databricks")
    assert whoami(replace(PLAIN, principal="user:engineer"), lambda: spark) == Caller(name, "")
