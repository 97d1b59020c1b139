"""`gennaker doctor` finds what is wrong and says what to do."""

import json
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.cli import doctor


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENNAKER_HOME", str(tmp_path / "home"))


def checks(result: Any) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in json.loads(result.stdout)}


def test_a_fresh_machine_with_a_daemon_has_no_problem(gennaker: Any, server: Any) -> None:
    server.on("GET", "/health", {"status": "UP", "components": {}})
    result = gennaker("doctor", "-o", "json")
    found = checks(result)
    assert {row["status"] for row in found.values()} == {"ok"}, found
    assert set(found) == {"python", "configuration", "home", "database", "bus", "plugins", "daemon", "clock"}
    assert result.exit_code == 0


def test_a_daemon_that_is_down_is_a_problem_with_the_parts_named(gennaker: Any, server: Any) -> None:
    server.on("GET", "/health", {"status": "DOWN", "components": {"bus": {"status": "DOWN"}}}, status=503)
    result = gennaker("doctor")
    assert result.exit_code == 1
    assert "DOWN" in result.output
    assert "→ look at bus" in result.output


def test_a_wrong_configuration_is_told_and_the_daemon_is_still_looked_at(gennaker: Any, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text("server:\n  prt: 1\n")
    found = checks(gennaker("doctor", "--config", str(tmp_path / "g.yaml"), "-o", "json"))
    assert "g.yaml:2: server.prt" in found["configuration"]["found"]
    assert found["configuration"]["advice"] == "put it right, then `gennaker config check`"
    assert found["daemon"]["status"] == "problem"
    assert "database" not in found


def test_a_home_that_cannot_be_written_is_told(gennaker: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = gennaker("doctor", "--home", str(tmp_path / "file"), "-o", "json")
    assert checks(result)["home"]["status"] == "problem"


@pytest.mark.parametrize(
    ("key", "value", "check"),
    [
        ("GENNAKER_DATABASE__URL", "postgresql://ann:s3cret@127.0.0.1:1/x", "database"),
        ("GENNAKER_BUS__URL", "carrier-pigeon://x", "bus"),
    ],
)
def test_what_cannot_be_reached_is_told_without_its_password(
    gennaker: Any, monkeypatch: pytest.MonkeyPatch, key: str, value: str, check: str
) -> None:
    monkeypatch.setenv(key, value)
    result = gennaker("doctor", "-o", "json")
    found = checks(result)
    row = found.get(check, found["configuration"])
    assert row["status"] == "problem"
    assert row["advice"]
    assert "s3cret" not in result.output


def test_an_existing_database_is_opened_and_left_as_it_is(gennaker: Any, tmp_path: Path) -> None:
    from gennaker.core.store.database import Database

    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "gennaker.db"
    Database.open(f"sqlite:///{path}").close()
    assert checks(gennaker("doctor", "-o", "json"))["database"]["status"] == "ok"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    assert checks(gennaker("doctor", "-o", "json"))["database"]["status"] == "problem"


def test_a_broken_plugin_is_named_with_its_reason(gennaker: Any, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "plugins.d"
    folder.mkdir(parents=True)
    (folder / "bad.py").write_text("raise RuntimeError('no luck')\n")
    row = checks(gennaker("doctor", "-o", "json"))["plugins"]
    assert row["status"] == "problem"
    assert "bad" in row["found"]
    assert "no luck" in row["found"]


def test_a_clock_that_is_off_is_a_problem() -> None:
    assert doctor.clock(formatdate(usegmt=True))[1] == ""
    assert "NTP" in doctor.clock(formatdate(1_000_000_000, usegmt=True))[1]


def test_a_check_that_breaks_is_a_finding() -> None:
    def broken() -> tuple[str, str]:
        raise OSError("no")

    assert doctor.guarded("disk", broken) == ("disk", "OSError: no", "read the message; the reason is in it")
