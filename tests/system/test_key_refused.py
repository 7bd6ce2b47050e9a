"""A key service that says no, or is gone, in the middle of a run: when a worker asks it, after the driver was let in.

A real moto server keeps the key. A door before it lets so many unwrappings through; then the key is taken away.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest

from support.lakes import install
from system.contents import training, unknown_files
from system.processes import run

pytestmark = [pytest.mark.spark, pytest.mark.slow]


class Door(ThreadingHTTPServer):
    """Passes what is asked on to moto; of unwrappings only so many, then `act` happens before each."""

    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Asked)
        self.behind, self.left, self.act, self.lock, self.asked = behind, 1 << 30, None, threading.Lock(), 0

    @property
    def url(self):
        return "http://{}:{}".format(*self.server_address)


class Asked(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        door, body = self.server, self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Amz-Target"].endswith(".Decrypt"):
            with door.lock:
                door.asked += 1
                door.left -= 1
                if door.left < 0 and door.act(self):
                    return
        headers = {name: self.headers[name] for name in ("X-Amz-Target", "Content-Type", "Authorization")}
        try:
            answer = urlopen(Request(door.behind + self.path, body, headers), timeout=30)
        except OSError as error:
            answer = error
        data = answer.read()
        self.send_response(getattr(answer, "status", 500))
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def door():
    reason = "NOT TESTED WITH AWS KMS: pip install boto3 'moto[server,kms]'"
    moto = pytest.importorskip("moto.server", reason=reason).ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    made = Door("http://{}:{}".format(*moto.get_host_and_port()))
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown(), made.server_close(), moto.stop()


def taken_away(asked):
    """All keys of the account are gone, and KMS itself says so."""
    urlopen(Request(asked.server.behind + "/moto-api/reset", b""), timeout=30).close()


def hangs_up(asked):
    asked.close_connection = True
    return True


@pytest.mark.parametrize(
    ("act", "said"),
    [(taken_away, "AWS KMS says no: NotFoundException"), (hangs_up, "AWS KMS cannot be asked")],
)
def test_a_worker_that_is_refused_ends_the_run_and_the_table_stays(tmp_path, door, act, said):
    boto3 = pytest.importorskip("boto3")
    amazon = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL_KMS": door.url}
    client = boto3.client(
        "kms", region_name="eu-west-1", endpoint_url=door.url, aws_access_key_id="x", aws_secret_access_key="y"
    )
    place = install(tmp_path / "a", None, sample=200, engine="spark")
    place.edit("local.yaml", "file:keys/local.kek", f"aws-kms:{client.create_key()['KeyMetadata']['Arn']}")
    first = run(place, "prepare", **amazon)
    assert first.code == 0, first.err
    assert door.asked > 0, "workers unwrap for themselves"
    before = (training(place, "reviews"), place.delta("training.reviews").version())
    door.left, door.act, door.asked = 1, act, 0
    refused = run(place, "prepare", "--set", "prepare.mode=overwrite", **amazon)
    assert (refused.code, refused.line["status"]) == (7, "KeyFault"), refused.err
    assert said in refused.err, refused.err
    assert "Traceback" not in refused.err
    assert door.asked > 1, "the driver was let in, and a worker was not"
    assert (training(place, "reviews"), place.delta("training.reviews").version()) == before
    for table in ("training.reviews", "quarantine.reviews"):
        assert unknown_files(place, table) == set()
    assert json.loads((place.root / "keys/keyring.json").read_text())
