"""Sending to servers that are there, down, slow, hostile, or say no."""

from __future__ import annotations

import socket
import time

import pytest

from strongroom.reports.send import Delivery, Message, lineage_message, push_message
from support.receiver import drip, receiving, silence, status

TOKEN = "MARKER-token-94321"


def test_a_message_arrives_as_it_is():
    with receiving(status(201)) as receiver:
        sent = Delivery([lineage_message(receiver.url, '{"a": "ä"}')], token="", seconds=5)
        assert sent.outcome() == ""
    (told,) = receiver.told
    assert (told.method, told.path, told.body) == ("POST", "/api/v1/lineage", '{"a": "ä"}'.encode())
    assert told.headers["content-type"] == "application/json"
    assert "authorization" not in told.headers


ADDRESSES = [
    # address, what is asked of it for lineage and for figures, why
    ("http://h:1", "http://h:1/api/v1/lineage", "http://h:1/metrics/job/strongroom/table/training.t", "the usual"),
    ("https://h/x", "https://h/x", "https://h/x/metrics/job/strongroom/table/training.t", "a proxy's own path"),
    ("http://h/metrics/job/a/lake/b", "http://h/metrics/job/a/lake/b", "http://h/metrics/job/a/lake/b/table/training.t",
     "a group of one's own, for a gateway of several lakes"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "lineage", "figures", "why"), ADDRESSES)
def test_an_address_gets_the_usual_path_when_it_has_none(address, lineage, figures, why):
    assert lineage_message(address, "{}").url == lineage, why
    assert push_message(address, "", group={"table": "training.t"}).url == figures, why


@pytest.mark.parametrize(
    ("text", "header", "why"),
    [
        (TOKEN, f"Bearer {TOKEN}", "a token"),
        ("ada:MARKER", "Basic YWRhOk1BUktFUg==", "a name and a password, as RFC 7617 encodes them"),
        (f"{TOKEN}\n", f"Bearer {TOKEN}", "a file ends with an end of line"),
    ],
)
@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_token_comes_from_where_the_settings_say(tmp_path, monkeypatch, kind, text, header, why):
    (tmp_path / "token").write_text(text)
    monkeypatch.setenv("THE_TOKEN", text)
    reference = "env:THE_TOKEN" if kind == "env" else f"file:{tmp_path}/token"
    with receiving(status(200)) as receiver:
        assert Delivery([lineage_message(receiver.url, "{}")], token=reference, seconds=5).outcome() == ""
    assert receiver.told[0].headers["authorization"] == header, why


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("env:NO_SUCH_NAME", "no token at env:NO_SUCH_NAME (KeyError)"),
        ("file:/no/such/file", "no token at file:/no/such/file (FileNotFoundError)"),
        ("env:TWO_LINES", "what stands at env:TWO_LINES is no token"),
        ("env:EMPTY", "what stands at env:EMPTY is no token"),
    ],
)
def test_without_its_token_nothing_is_sent(monkeypatch, reference, reason):
    monkeypatch.setenv("TWO_LINES", f"{TOKEN}\r\nX-More: 1")
    monkeypatch.setenv("EMPTY", " ")
    with receiving(status(200)) as receiver:
        assert Delivery([lineage_message(receiver.url, "{}")], token=reference, seconds=5).outcome() == reason
    assert receiver.told == []


@pytest.mark.parametrize("code", [301, 302, 307, 400, 401, 404, 500, 503])
def test_a_receiver_that_says_no_is_told_by_its_status_only(monkeypatch, code):
    monkeypatch.setenv("THE_TOKEN", TOKEN)
    with receiving(status(200)) as elsewhere:
        with receiving(status(code, Location=f"{elsewhere.url}/MARKER")) as receiver:
            messages = [lineage_message(receiver.url, "1"), lineage_message(receiver.url, "2")]
            sent = Delivery(messages, token="env:THE_TOKEN", seconds=5)
            assert sent.outcome() == f"it answered with status {code}"
        assert [told.body for told in receiver.told] == [b"1"], "the first that does not arrive ends it"
    assert elsewhere.told == [], "a token goes to its own address and nowhere else"


@pytest.mark.parametrize("answer", [silence, drip], ids=["silent", "a letter at a time"])
def test_one_that_never_answers_is_waited_for_no_longer_than_said(answer):
    with receiving(answer) as receiver:
        start = time.monotonic()
        assert (
            Delivery([lineage_message(receiver.url, "{}")], token="", seconds=0.4).outcome() == "no answer within 0.4 s"
        )
        assert time.monotonic() - start < 2


def test_one_that_is_down_is_told_by_the_kind_of_failure():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    down = Delivery([Message("POST", f"http://127.0.0.1:{port}/MARKER", b"", "text/plain")], token="", seconds=5)
    assert down.outcome() == "not reached (ConnectionRefusedError)"
    nowhere = Delivery([Message("POST", "http://no-such-host.invalid/", b"", "text/plain")], token="", seconds=5)
    assert nowhere.outcome() == "not reached (gaierror)"


def test_one_that_does_not_speak_http_is_no_bug():
    with socket.create_server(("127.0.0.1", 0)) as server:
        sent = Delivery([lineage_message(f"http://127.0.0.1:{server.getsockname()[1]}", "{}")], token="", seconds=5)
        connection, _ = server.accept()
        connection.sendall(b"MARKER\r\n\r\n")
        connection.close()
        assert sent.outcome().startswith("not reached (")
        assert "MARKER" not in sent.outcome()
