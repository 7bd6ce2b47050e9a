"""The providers against what is real and runs here: files, the environment, moto's KMS, and servers that misbehave."""

import base64
import json
import os
import socket
import sys
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from strongroom.core.errors import EnvironmentFault, KeyFault
from strongroom.core.keys.ring import Key, Keyring, RoleHandle, Status
from strongroom.core.secret import Secret
from strongroom.stores.keys import keyring_of, new_key, open_keyring, save_keyring
from strongroom.stores.keys.providers import aws_kms, databricks_secret, provider
from strongroom.stores.keys.role_files import mark_of, role_keys_of, wrapped_for

KEK = base64.b64encode(bytes(range(32))).decode()
TOKEN = "MARKER-TOKEN"


def test_an_environment_variable_holds_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("OUR_KEK", KEK + "\n")
    made = open_keyring("env:OUR_KEK", str(tmp_path / "ring"), create=True)
    assert open_keyring("env:OUR_KEK", str(tmp_path / "ring"), create=False).keys == made.keys
    assert KEK not in repr(provider("env:OUR_KEK"))


@pytest.mark.parametrize(("value", "what"), [("", "not set"), ("short", "not 32 bytes"), (KEK[:-5], "not 32 bytes")])
def test_an_environment_without_the_key_is_refused(tmp_path, monkeypatch, value, what):
    monkeypatch.setenv("OUR_KEK", value)
    with pytest.raises(KeyFault, match=what) as error:
        open_keyring("env:OUR_KEK", str(tmp_path / "ring"), create=True)
    assert error.value.where == "env:OUR_KEK"
    assert "openssl rand" in error.value.todo
    assert not value or value not in str(error.value)
    assert not (tmp_path / "ring").exists()


@pytest.fixture
def server():
    """Starts servers on loopback that answer as a function says; gives their address."""
    running = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body = answer(self)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        running.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{running[-1].server_port}"

    yield start
    for one in running:
        one.shutdown()
        one.server_close()


@pytest.fixture
def deaf():
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def down():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


# Databricks


@pytest.fixture
def workspace(monkeypatch):
    def at(address):
        monkeypatch.setenv("DATABRICKS_HOST", address)
        monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)

    return at


def test_a_databricks_secret_is_read_through_the_workspace(tmp_path, server, workspace):
    asked = []

    def answer(request):
        asked.append((request.path, request.headers["Authorization"]))
        return 200, json.dumps({"key": "k", "value": base64.b64encode(KEK.encode()).decode()}).encode()

    workspace(server(answer))
    made = open_keyring("databricks-secret:our scope/kek", str(tmp_path / "ring"), create=True)
    assert keyring_of(made.handle).keys == made.keys
    assert set(asked) == {("/api/2.0/secrets/get?scope=our%20scope&key=kek", f"Bearer {TOKEN}")}


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (403, b"{}", "says no: HTTP 403"),
        (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST"}', "says no: HTTP 404"),
        (200, b"<html>", "no JSON"),
        (200, b"{}", "holds no secret"),
        (200, b'{"value": "%"}', "holds no secret"),
        (200, json.dumps({"value": base64.b64encode(b"no key").decode()}).encode(), "not 32 bytes"),
    ],
)
def test_a_workspace_that_says_no_is_a_clear_error(tmp_path, server, workspace, status, body, what):
    workspace(server(lambda request: (status, body)))
    with pytest.raises(KeyFault, match=what) as error:
        open_keyring("databricks-secret:s/k", str(tmp_path / "ring"), create=True)
    assert error.value.todo
    assert TOKEN not in str(error.value)
    assert not (tmp_path / "ring").exists()


def test_a_workspace_that_is_down_or_slow_is_a_clear_error(workspace, down, deaf):
    for address in (down, deaf):
        workspace(address)
        with pytest.raises(KeyFault, match="cannot be asked"):
            databricks_secret.open_provider("s/k", seconds=0.3)


def test_a_token_is_never_sent_in_clear(workspace):
    workspace("http://workspace.example")
    with pytest.raises(KeyFault, match="not https"):
        databricks_secret.open_provider("s/k")


def test_without_dbutils_and_workspace_the_error_names_the_way_out(monkeypatch):
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    with pytest.raises(KeyFault, match="neither dbutils") as error:
        databricks_secret.open_provider("s/k")
    assert "{{secrets/SCOPE/KEY}}" in error.value.todo


def notebook(monkeypatch, get):
    tools = types.SimpleNamespace(secrets=types.SimpleNamespace(get=get))
    shell = types.SimpleNamespace(user_ns={"dbutils": tools})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


def test_in_a_notebook_dbutils_reads_the_secret(monkeypatch):
    notebook(monkeypatch, lambda scope, key: {("s", "k"): KEK}[scope, key])
    kek = databricks_secret.open_provider("s/k")
    assert kek.unwrap(kek.wrap(b"x", context=b"c"), context=b"c") == b"x"


def test_what_dbutils_raises_does_not_show(monkeypatch):
    def get(scope, key):
        raise RuntimeError("MARKER")

    notebook(monkeypatch, get)
    with pytest.raises(KeyFault, match="cannot be read: RuntimeError") as error:
        databricks_secret.open_provider("s/k")
    assert "MARKER" not in str(error.value)


# AWS KMS


@pytest.fixture
def amazon(monkeypatch):
    pytest.importorskip("boto3", reason="NOT TESTED WITH AWS KMS: pip install boto3 'moto[server,kms]'")

    def at(address):
        for name, value in {
            "AWS_ENDPOINT_URL_KMS": address,
            "AWS_ACCESS_KEY_ID": "MARKER-ID",
            "AWS_SECRET_ACCESS_KEY": TOKEN,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)

    return at


@pytest.fixture(scope="module")
def moto():
    reason = "NOT TESTED WITH AWS KMS: pip install boto3 'moto[server,kms]'"
    server = pytest.importorskip("moto.server", reason=reason).ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def arn(moto, amazon):
    amazon(moto)
    import boto3

    return boto3.client("kms", region_name="eu-west-1").create_key()["KeyMetadata"]["Arn"]


def test_kms_wraps_a_keyring_and_never_sees_the_clear_file(tmp_path, arn):
    made = open_keyring(f"aws-kms:{arn}", str(tmp_path / "ring"), create=True)
    more = save_keyring(Keyring(made.primary, (*made.keys, new_key()), made.handle))
    assert keyring_of(more.handle).keys == more.keys
    assert more.keys[0].secret.reveal() not in (tmp_path / "ring").read_bytes()


def test_another_context_or_key_does_not_open_what_kms_wrapped(arn):
    import boto3

    ours = aws_kms.open_provider(arn)
    wrapped = ours.wrap(b"x", context=b"one")
    assert ours.unwrap(wrapped, context=b"one") == b"x"
    with pytest.raises(KeyFault, match="says no: InvalidCiphertext"):
        ours.unwrap(wrapped, context=b"other")
    client = boto3.client("kms", region_name="eu-west-1")
    other = client.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(KeyFault, match=r"says no: (IncorrectKey|InvalidCiphertext|AccessDenied)"):
        aws_kms.open_provider(other).unwrap(wrapped, context=b"one")


def test_kms_wraps_a_roles_file_of_any_size_and_only_for_that_role(tmp_path, arn):
    names = [f"strongroom|v1|encryption|column|training.reviews|c{place}" for place in range(100)]
    keysets = {name: (7, [Key(7, Status.ENABLED, Secret(os.urandom(64)))]) for name in names}
    data = wrapped_for("support", f"aws-kms:{arn}", keysets)
    opened = role_keys_of(RoleHandle("support", f"aws-kms:{arn}", data))
    assert {name: keys[7] for name, keys in opened.keys.items()} == {name: keysets[name][1][0].secret for name in names}
    with pytest.raises(KeyFault, match=r"keys of the role 'fraud' do not open: AWS KMS says no: InvalidCiphertext"):
        role_keys_of(RoleHandle("fraud", f"aws-kms:{arn}", data))
    assert mark_of(f"aws-kms:{arn}") == "", "a service tells nobody"


def test_a_key_that_kms_does_not_know_is_refused(tmp_path, arn):
    with pytest.raises(KeyFault, match="says no: NotFoundException") as error:
        open_keyring(f"aws-kms:{arn[:-4]}0000", str(tmp_path / "ring"), create=True)
    assert "account, region" in error.value.todo
    assert not (tmp_path / "ring").exists()


@pytest.mark.parametrize(
    "code", ["DisabledException", "AccessDeniedException", "KMSInvalidStateException", "OddException"]
)
def test_kms_says_no(tmp_path, server, amazon, code):
    amazon(server(lambda request: (400, json.dumps({"__type": code, "message": "MARKER"}).encode())))
    with pytest.raises(KeyFault, match=f"says no: {code}") as error:
        open_keyring("aws-kms:arn:aws:kms:eu-west-1:123456789012:key/1", str(tmp_path / "ring"), create=True)
    assert error.value.todo
    assert "MARKER" not in str(error.value)
    assert not (tmp_path / "ring").exists()


def test_a_kms_that_is_down_or_slow_is_a_clear_error(amazon, down, deaf):
    for address in (down, deaf):
        amazon(address)
        kms = aws_kms.open_provider("arn:aws:kms:eu-west-1:123456789012:key/1", seconds=0.2)
        with pytest.raises(KeyFault, match="cannot be asked"):
            kms.wrap(b"x", context=b"")


def test_more_keys_than_kms_wraps_at_once_are_refused_beforehand(amazon, down):
    amazon(down)
    kms = aws_kms.open_provider("arn:aws:kms:eu-west-1:123456789012:key/1")
    with pytest.raises(KeyFault, match="more keys than AWS KMS wraps"):
        kms.wrap(bytes(4097), context=b"")


def test_without_boto3_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(EnvironmentFault, match="pip install boto3"):
        aws_kms.open_provider("arn:aws:kms:eu-west-1:123456789012:key/1")
