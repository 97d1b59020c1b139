"""`gennaker artifact`."""

import json
from pathlib import Path
from typing import Any

ACCOUNTS = [{"name": "ada", "types": ["http/file", "git/repo"]}]


def test_accounts_are_listed_for_people_and_for_programs(server: Any, gennaker: Any) -> None:
    server.on("GET", "/artifacts/credentials", ACCOUNTS)
    assert gennaker("artifact", "accounts").output.split() == ["NAME", "TYPES", "ada", "http/file", "git/repo"]
    assert json.loads(gennaker("artifact", "accounts", "-o", "json").output) == ACCOUNTS


def test_an_artifact_is_written_as_it_is(server: Any, gennaker: Any, tmp_path: Path) -> None:
    server.on("PUT", "/artifacts/fetch", b"\x1f\x8b\x00")
    file = tmp_path / "repo.tgz"
    words = ("--account", "ada", "--version", "v1", "--location", "deploy", "--to", str(file))
    result = gennaker("artifact", "fetch", "git/repo", "https://x/y.git", *words)
    assert (result.exit_code, result.output) == (0, f"3 bytes are in {file}\n")
    assert file.read_bytes() == b"\x1f\x8b\x00"
    assert server.calls[0].body == {
        "type": "git/repo",
        "reference": "https://x/y.git",
        "artifactAccount": "ada",
        "version": "v1",
        "location": "deploy",
    }


def test_an_artifact_goes_to_standard_output_without_a_file(server: Any, gennaker: Any) -> None:
    server.on("PUT", "/artifacts/fetch", b"a\xffb")
    assert gennaker("artifact", "fetch", "http/file", "https://x/y").stdout_bytes == b"a\xffb"


def test_a_file_that_cannot_be_written_is_told(server: Any, gennaker: Any, tmp_path: Path) -> None:
    server.on("PUT", "/artifacts/fetch", b"a")
    result = gennaker("artifact", "fetch", "http/file", "https://x/y", "--to", str(tmp_path / "no" / "file"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory" in result.output


def test_what_the_daemon_refuses_is_told(server: Any, gennaker: Any) -> None:
    server.on("PUT", "/artifacts/fetch", {"message": "no artifact account has cat"}, status=400)
    result = gennaker("artifact", "fetch", "cat")
    assert result.exit_code == 4
    assert "no artifact account has cat" in result.output
