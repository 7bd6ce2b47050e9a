"""Requests to an address of the settings: they follow no redirect, so that a token goes there and nowhere else."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
    getproxies,
)

from strongroom import __version__
from strongroom.core.escaping import header


def opener(*, proof: bool = False) -> OpenerDirector:
    """What opens requests.

    Args:
        proof: the answer says who is asking, so whoever starts the process does not choose whom it believes. The
            authorities are those that the system's OpenSSL was built to read, never `SSL_CERT_FILE` or `SSL_CERT_DIR`;
            and a proxy, which could answer a plain request itself, is asked for https only.
    """
    if not proof:
        return build_opener(_StayHere)
    proxies = {scheme: address for scheme, address in getproxies().items() if scheme == "https"}
    return build_opener(_StayHere, ProxyHandler(proxies), HTTPSHandler(context=_built_in()))


def request(
    url: str, *, method: str = "GET", body: bytes | None = None, kind: str = "", authorization: str = ""
) -> Request:
    """A request to an address of http or https; `authorization` goes to that address and to no other.

    Raises:
        ValueError: the authorization is no one line of ASCII. It is not repeated.
    """
    made = Request(url, body, method=method)  # noqa: S310  the settings allow http(s) only
    made.add_header("User-Agent", f"strongroom/{__version__}")
    if kind:
        made.add_header("Content-Type", header(kind))
    if authorization:
        made.add_unredirected_header("Authorization", header(authorization))
    return made


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """No redirect."""


def _built_in() -> ssl.SSLContext:
    paths = ssl.get_default_verify_paths()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks the certificate and the name in it
    for place in ({"cafile": paths.openssl_cafile}, {"capath": paths.openssl_capath}):
        try:
            context.load_verify_locations(**place)
        except OSError:  # one of the two is often not there; with neither no certificate is good
            continue
    return context
