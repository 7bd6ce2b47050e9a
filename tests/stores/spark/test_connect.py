"""The address of a Spark Connect server, and what is said when nobody answers there or it lacks what jobs need."""

import re
import socket

import pytest
from pyspark.errors.exceptions.connect import PythonException, SparkConnectGrpcException

from strongroom.core.errors import ConfigError, EnvironmentFault
from strongroom.stores.spark import connect
from strongroom.stores.spark.error_translation import translate

SOUND = {"spark.sql.extensions": f"a.B,{connect.DELTA}", connect.ENCRYPTED: "true"}


@pytest.mark.parametrize(
    ("master", "found"),
    [
        ("sc://host:15002", ("host", 15002)),
        ("sc://10.0.0.7", ("10.0.0.7", 15002)),
        ("sc://host:443/;use_ssl=true;user_id=ada", ("host", 443)),
        ("sc://[::1]:7/", ("::1", 7)),
    ],
)
def test_an_address_is_host_and_port(master, found):
    assert connect.address(master) == found


@pytest.mark.parametrize(
    ("master", "said"),
    [
        ("sc://", "Write sc://HOST:PORT"),
        ("sc://host:port", "Write sc://HOST:PORT"),
        ("sc://host:1/path", "Write sc://HOST:PORT"),
        ("sc://host/;token=SECRETMARKER", "SPARK_CONNECT_AUTHENTICATE_TOKEN"),
        ("sc://host:1/;use_ssl=true;token=SECRETMARKER", "SPARK_CONNECT_AUTHENTICATE_TOKEN"),
    ],
)
def test_what_is_no_address_or_holds_a_token_is_refused_without_showing_it(master, said):
    with pytest.raises(ConfigError, match=re.escape(said)) as refused:
        connect.open_remote({"spark.master": master})
    assert "SECRETMARKER" not in str(refused.value)


def test_nobody_there_is_told_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        EnvironmentFault, match=f"no Spark Connect server answers 127.0.0.1:{port}|127.0.0.1:{port}: no"
    ):
        connect.open_remote({"spark.master": f"sc://127.0.0.1:{port}"})


class Server:
    """A session of which only the settings count."""

    def __init__(self, conf):
        self.conf = self
        self.known = conf

    def get(self, name, default):
        return self.known.get(name, default)


@pytest.mark.parametrize(
    ("server", "settings", "said", "why"),
    [
        (SOUND, {}, "", "it has both"),
        ({}, {}, "Delta's extension and jars and spark.io", "it has neither"),
        (SOUND | {"spark.sql.extensions": "a.B"}, {}, "Delta", "another extension is not Delta"),
        (SOUND | {connect.ENCRYPTED: "false"}, {}, "rows in clear", "shuffle files hold raw values"),
        (SOUND | {connect.ENCRYPTED: "false"}, {connect.ENCRYPTED: "false"}, "", "the settings say that this is known"),
    ],
)
def test_a_server_that_lacks_what_jobs_need_is_refused(server, settings, said, why):
    if not said:
        assert connect._check(Server(server), settings, where="h:1") is None, why
        return
    with pytest.raises(EnvironmentFault, match=re.escape(said)):
        connect._check(Server(server), settings, where="h:1")


def test_settings_that_are_the_servers_own_are_named():
    told = []
    server = Server({"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "7"})
    wanted = {"spark.master": "sc://h", "spark.driver.memory": "8g", "spark.sql.shuffle.partitions": "7"}
    connect.note_servers_own(server, wanted, say=told.append)
    assert told == ["note: spark.driver.memory is the Connect server's to set; what the settings say does not count"]


def status(name):
    import grpc

    return getattr(grpc.StatusCode, name)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SparkConnectGrpcException("VALUEMARKER", grpc_status_code=status("UNAVAILABLE")), "went away"),
        (SparkConnectGrpcException("VALUEMARKER", grpc_status_code=status("UNAUTHENTICATED")), "not let this job in"),
        (SparkConnectGrpcException("[INVALID_HANDLE.SESSION_NOT_FOUND] VALUEMARKER"), "forgotten the session"),
        (PythonException("VALUEMARKER\nModuleNotFoundError: No module named 'cryptography'"), "'cryptography'"),
        (PythonException("VALUEMARKER [PYTHON_VERSION_MISMATCH] x"), "of another version"),
    ],
)
def test_what_a_server_says_is_put_into_our_words(error, said):
    known = translate(error)
    assert isinstance(known, EnvironmentFault)
    assert said in known.what
    assert "VALUEMARKER" not in str(known)


@pytest.mark.parametrize("text", ["VALUEMARKER", "[CAST_INVALID_INPUT] The value 'VALUEMARKER' cannot be cast"])
def test_another_error_there_is_a_bug_as_it_is_here(text):
    assert translate(SparkConnectGrpcException(text, grpc_status_code=status("INTERNAL"))) is None
