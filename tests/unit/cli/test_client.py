"""Calls to the daemon, and what is said when they fail."""

import socket
from typing import Any

import pytest

from gennaker.core.cli.client import Daemon
from gennaker.core.cli.root import Told


def test_no_daemon_is_told_with_what_to_do(gennaker: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    result = gennaker("pipeline", "list", "--server", f"http://127.0.0.1:{port}")
    assert result.exit_code == 3
    assert f"no daemon answers at http://127.0.0.1:{port}" in result.stderr
    assert "gennaker up" in result.stderr


@pytest.mark.parametrize("address", ["localhost:8084", "ftp://x", "http://", "http://[::1"])
def test_an_address_that_is_none_is_wrong_usage(gennaker: Any, address: str) -> None:
    result = gennaker("pipeline", "list", "--server", address)
    assert result.exit_code == 2
    assert "is no address" in result.stderr


def test_a_token_is_sent_as_bearer(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelineConfigs", [])
    gennaker("pipeline", "list", "--token", "s3cret")
    assert server.calls[0].headers["Authorization"] == "Bearer s3cret"
    assert "X-SPINNAKER-USER" not in server.calls[0].headers


def test_without_a_token_the_login_name_says_who_acts(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelineConfigs", [])
    gennaker("pipeline", "list", env={"LOGNAME": "ann"})
    assert server.calls[0].headers["X-SPINNAKER-USER"] == "ann"


def test_user_and_password_in_the_address_are_basic_authentication_and_not_shown(gennaker: Any, server: Any) -> None:
    address = server.url.replace("http://", "http://ann:s3cret@")
    server.on("GET", "/pipelineConfigs", b"<html>")
    result = gennaker("pipeline", "list", "--server", address)
    assert server.calls[0].headers["Authorization"].startswith("Basic ")
    assert "X-SPINNAKER-USER" not in server.calls[0].headers
    assert result.exit_code == 1
    assert "is not JSON" in result.stderr
    assert "s3cret" not in result.output


def test_who_is_not_known_is_told_of_the_token(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelineConfigs", {"message": "who are you?"}, status=401)
    result = gennaker("pipeline", "list")
    assert result.exit_code == 4
    assert "who are you?; give a token with --token or GENNAKER_TOKEN" in result.stderr


@pytest.mark.parametrize(("status", "code"), [(403, 4), (500, 1), (503, 3)])
def test_an_error_without_text_names_call_and_status(gennaker: Any, server: Any, status: int, code: int) -> None:
    server.on("GET", "/pipelineConfigs", b"", status=status)
    result = gennaker("pipeline", "list")
    assert result.exit_code == code
    assert f"GET /pipelineConfigs answered {status}" in result.stderr


def test_segments_of_a_path_are_quoted(server: Any) -> None:
    server.on("GET", "/applications/a/b/c d?", {"found": True})
    client = Daemon(server.url)
    try:
        assert client.get("applications", "a/b", "c d?") == {"found": True}
    finally:
        client.close()
    assert server.calls[0].raw_path == "/applications/a%2Fb/c%20d%3F"


def test_a_daemon_that_hangs_up_is_not_there(gennaker: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        import threading

        def hang_up() -> None:
            connection, _ = listening.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        result = gennaker("pipeline", "list", "--server", f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()
    assert result.exit_code == 3
    assert "did not answer GET /pipelineConfigs" in result.stderr


def test_what_is_no_daemon_is_told_by_doctor(gennaker: Any, server: Any) -> None:
    server.on("GET", "/health", {"message": "no such page"}, status=404)
    result = gennaker("doctor")
    assert result.exit_code == 1
    assert "no such page" in result.output


def test_a_task_that_takes_too_long_is_told(server: Any) -> None:
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    server.on("GET", "/tasks/T1", {"status": "RUNNING"})
    client = Daemon(server.url)
    try:
        with pytest.raises(Told) as caught:
            client.task("Create application: shop", "shop", {"type": "createApplication"}, limit=0.1)
    finally:
        client.close()
    assert caught.value.message.startswith("Create application: shop: not finished after 0 s")
    assert "gennaker execution why T1" in caught.value.message


def test_who_has_no_login_name_is_anonymous(gennaker: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid 4711")

    monkeypatch.setattr("gennaker.core.cli.client.getuser", nobody)
    server.on("GET", "/pipelineConfigs", [])
    gennaker("pipeline", "list")
    assert server.calls[0].headers["X-SPINNAKER-USER"] == "anonymous"
