"""Receivers of a run's events and figures: told over HTTP in the background, for a bounded time, and never relied on.

What is sent stands in the report's files already, so a receiver that is down, slow or says no costs a note and nothing
else. A token is read where the settings say that it is, goes to that receiver only, and follows no redirect.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from strongroom.reports.markup import LONGEST_NAME, plain
from strongroom.stores.http import opener, request

_WORD = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One request: `POST` or `PUT`, whereto, what, and of which content type."""

    method: str
    url: str
    body: bytes
    kind: str


def lineage_message(address: str, event: str) -> Message:
    """One OpenLineage event; an address without a path of its own gets that of OpenLineage's HTTP transport."""
    path = "" if urlsplit(address).path.strip("/") else "/api/v1/lineage"
    return Message("POST", address + path, event.encode(), "application/json")


def push_message(address: str, figures: str, *, group: Mapping[str, str]) -> Message:
    """The figures of one group, label → value, which replace what the gateway has of it.

    An address may go on to the group's first labels (`…/metrics/job/strongroom/lake/test`), for a gateway that several
    lakes share; else they are job `strongroom`.
    """
    first = "" if "/metrics/job" in urlsplit(address).path else "/metrics/job/strongroom"
    url = address + first + "".join(_label(name, value) for name, value in group.items())
    return Message("PUT", url, figures.encode(), "text/plain; version=0.0.4; charset=utf-8")


def _label(name: str, value: str) -> str:
    """A label as part of the address. Base64, as the gateway has it for values with slashes, holds whatever it is."""
    if _WORD.fullmatch(value):
        return f"/{name}/{value}"
    return f"/{name}@base64/{base64.urlsafe_b64encode(plain(value, longest=LONGEST_NAME).encode()).decode()}"


class Delivery:
    """Messages on their way to one receiver, one after the other, in a thread that never keeps the process alive.

    Args:
        messages: what to send; the first that does not arrive ends it.
        token: `env:NAME`, `file:PATH` or empty. A token with a colon is a name and a password (Basic), else Bearer.
        seconds: how long one answer is waited for, and how long `outcome` waits for all.
    """

    def __init__(self, messages: Sequence[Message], *, token: str, seconds: float) -> None:
        self._seconds = seconds
        self._reason = f"no answer within {seconds:g} s"
        self._thread = threading.Thread(target=self._work, args=(messages, token), daemon=True, name="delivery")
        self._thread.start()

    def outcome(self) -> str:
        """Empty when everything arrived, else why not, in words without a value, an address or a token."""
        self._thread.join(self._seconds)
        return self._reason

    def _work(self, messages: Sequence[Message], token: str) -> None:
        try:
            header = _authorization(token)
            for message in messages:
                _send(message, header, seconds=self._seconds)
            self._reason = ""
        except _NoTokenError as error:
            self._reason = str(error)
        except HTTPError as error:
            self._reason = f"it answered with status {error.code}"
            error.close()
        except TimeoutError:
            pass
        except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError
            cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
            if not isinstance(cause, TimeoutError):
                self._reason = f"not reached ({type(cause).__name__})"


class _NoTokenError(Exception):
    """The token is not where the settings say; the message says where that is."""


def _send(message: Message, authorization: str, *, seconds: float) -> None:
    asked = request(
        message.url, method=message.method, body=message.body, kind=message.kind, authorization=authorization
    )
    with opener().open(asked, timeout=seconds):
        pass


def _authorization(token: str) -> str:
    """The header's text. Raises _NoTokenError when the token is not there or is no one line of text."""
    if not token:
        return ""
    kind, _, place = token.partition(":")
    try:
        text = os.environ[place] if kind == "env" else Path(place).read_text(encoding="utf-8")
    except (KeyError, OSError, UnicodeError) as error:
        raise _NoTokenError(f"no token at {token} ({type(error).__name__})") from None
    text = text.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise _NoTokenError(f"what stands at {token} is no token")
    return f"Basic {base64.b64encode(text.encode()).decode()}" if ":" in text else f"Bearer {text}"
