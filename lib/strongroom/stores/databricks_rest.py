"""A Databricks workspace's REST API, for what a process outside of its notebooks has to ask."""

from __future__ import annotations

import json
import os
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from strongroom.core.errors import StrongroomError
from strongroom.stores.http import opener, request


def asked(
    path: str, *, where: str, fault: type[StrongroomError], host: str = "", todo: str = "", seconds: float = 10.0
) -> Any:
    """What the workspace answers to a GET, parsed. `DATABRICKS_TOKEN` says who asks.

    Args:
        path: of the API, with its query.
        host: the workspace, and then its answer is proof: no variable of the environment says whose certificates are
            good. Without it the workspace that `DATABRICKS_HOST` names.
        where: what is wanted, for errors.
        fault: the class of the error to raise.
        todo: the advice when a variable is missing.
        seconds: how long to wait for each step of the answer.

    Raises:
        StrongroomError: of that class: the variables are missing, the address is not https, the workspace says no, does
            not answer in time, or answers something else than JSON.
    """
    proof = bool(host)
    host, token = host or os.environ.get("DATABRICKS_HOST", ""), os.environ.get("DATABRICKS_TOKEN", "")
    if not host or not token:
        what = "there is neither dbutils nor DATABRICKS_HOST and DATABRICKS_TOKEN in this process"
        raise fault(what, where=where, todo=todo or "Set both variables.")
    try:
        url = urlsplit(host if "://" in host else f"https://{host}")
    except ValueError:
        raise fault("the workspace's address is none", where=where, todo="Write https://….") from None
    if url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost"):
        raise fault("the workspace's address is not https", where=where, todo="Write https://….")
    address = f"{url.scheme}://{url.netloc}{path}"
    try:
        question = request(address, authorization=f"Bearer {token}")
    except ValueError:
        raise fault("DATABRICKS_TOKEN holds no token", where=where, todo="Set it anew.") from None
    try:
        with opener(proof=proof).open(question, timeout=seconds) as answer:
            return json.load(answer)
    except HTTPError as error:
        error.close()
        todo = "Check that the token's owner may ask for it."
        raise fault(f"the workspace says no: HTTP {error.code}", where=where, todo=todo) from None
    except (URLError, HTTPException, TimeoutError, OSError) as error:
        what = f"the workspace cannot be asked: {type(error).__name__}"
        raise fault(what, where=where, todo="Check the workspace's address.") from None
    except (ValueError, RecursionError):
        raise fault("the workspace's answer is no JSON", where=where, todo="Check the workspace's address.") from None
