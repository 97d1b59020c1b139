"""Bakes in a real daemon, with the real Packer: by request, watched, cancelled, killed."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MANIFEST = {"command": ["python3", "-m", "http.server"], "health": {"path": "/"}}
#: Says its number, then waits; what it started waits too.
SLOW = {
    "builders": [{"type": "null", "communicator": "none"}],
    "provisioners": [{"type": "shell-local", "inline": ["sleep 300 & echo pid $!", "echo one | tee -a BEGUN", "wait"]}],
}


@pytest.fixture
def bakery(new_daemon: Any, tmp_path: Path) -> Any:
    """The daemon with base image and templates."""
    if shutil.which("packer") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Packer is not installed; scripts/install-packages servers installs it")
        pytest.skip("Packer is not installed; scripts/install-packages servers installs it")
    base, templates = tmp_path / "base", tmp_path / "templates"
    base.mkdir()
    (base / "image.json").write_text(json.dumps(MANIFEST))
    (base / "index.html").write_text("hello")
    templates.mkdir()
    begun = str(tmp_path / "begun")
    (templates / "slow.json").write_text(json.dumps(SLOW).replace("BEGUN", begun))
    source = {"id": "plain", "package_type": "tar", "sources": [{"image": str(base)}]}
    section = {"templates": str(templates), "providers": {"local": {"bases": [source]}}}
    daemon = new_daemon(json.dumps({"plugins": {"bakery": section}}))
    daemon.begun = Path(begun)
    return daemon.start()


def request(**changes: Any) -> dict[str, Any]:
    return {"cloud_provider_type": "local", "base_os": "plain", "ami_name": "site", "ami_suffix": "1", **changes}


def asked(daemon: Any, **changes: Any) -> dict[str, Any]:
    answer = daemon.http.post("/api/v1/here/bake", json=request(**changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def until(check: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + 60
    while not (found := check()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


def status(daemon: Any, id_: str) -> dict[str, Any]:
    return dict(daemon.http.get(f"/api/v1/here/status/{id_}").json())


def ended(daemon: Any, id_: str) -> dict[str, Any]:
    return dict(until(lambda: (found := status(daemon, id_))["state"] != "RUNNING" and found, "it does not end"))


def log(daemon: Any, id_: str) -> str:
    return str(daemon.http.get(f"/api/v1/here/logs/{id_}").json()["logsContent"])


def slow(daemon: Any) -> tuple[str, int]:
    """A bake in the middle, and the number of a program that it has started."""
    id_ = asked(daemon, template_file_name="slow.json")["id"]
    line = until(lambda: [one for one in log(daemon, id_).splitlines() if "pid " in one], "the build does not begin")
    return id_, int(line[0].rsplit("pid ", 1)[1])


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_request_bakes_an_image(bakery: Any) -> None:
    first = asked(bakery)
    assert (first["state"], first["result"]) == ("RUNNING", None)
    assert ended(bakery, first["id"])["result"] == "SUCCESS"
    baked = bakery.http.get(f"/api/v1/here/bake/{first['id']}").json()
    assert (baked["ami"], baked["artifact"]["type"]) == ("site-all-1-plain", "local/image")
    assert (bakery.home / "local" / "images" / baked["ami"] / "index.html").read_text() == "hello"
    assert "Baked site-all-1-plain" in log(bakery, first["id"])
    assert "Baked site-all-1-plain" in bakery.http.get(f"/bakery/logs/here/{first['id']}").text
    second = asked(bakery, ami_suffix="2")
    assert ended(bakery, second["id"])["previously_baked"]
    shown = bakery("bake", "status", "here", second["id"], "-o", "json")
    assert (shown.code, shown.json["image"]) == (0, "site-all-1-plain")
    followed = bakery("bake", "start", "here", "--name", "other", "--base-os", "plain", "--follow")
    assert (followed.code, "Baked other-all-" in followed.out) == (0, True)
    assert "plain" in bakery("bake", "options").out


def test_the_same_twice_at_once_is_one_bake_and_a_cancel_ends_everything(bakery: Any) -> None:
    id_, pid = slow(bakery)
    assert asked(bakery, template_file_name="slow.json")["id"] == id_
    assert runs(pid)
    assert bakery.http.put(f"/api/v1/here/cancel/{id_}").status_code == 200
    assert ended(bakery, id_)["state"] == "CANCELED"
    until(lambda: not runs(pid), "what the build has started still runs")
    until(lambda: [one.name for one in (bakery.home / "bakery").iterdir()] in ([], ["cache"]), "its folder is left")
    assert not list((bakery.home / "local" / "images").iterdir())
    assert asked(bakery, template_file_name="slow.json")["id"] != id_


def test_a_rebake_ends_the_one_that_runs(bakery: Any) -> None:
    id_, pid = slow(bakery)
    answer = bakery.http.post("/api/v1/here/bake?rebake=1", json=request(template_file_name="slow.json")).json()
    assert answer["id"] != id_
    assert ended(bakery, id_)["state"] == "CANCELED"
    until(lambda: not runs(pid), "what the build has started still runs")
    assert status(bakery, answer["id"])["state"] == "RUNNING"


def test_rule_08_a_daemon_that_is_killed_leaves_no_build_and_bakes_again(bakery: Any) -> None:
    id_, pid = slow(bakery)
    bakery.kill()
    until(lambda: not runs(pid), "the build outlives the daemon")
    bakery.start()
    until(lambda: bakery.begun.read_text() == "one\none\n", "it is not baked again")
    assert status(bakery, id_)["state"] == "RUNNING"
    until(lambda: "not heard of any more: it begins anew" in log(bakery, id_), "its log does not say so")


def test_a_daemon_that_is_told_to_end_ends_its_builds_and_begins_them_anew(bakery: Any) -> None:
    id_, pid = slow(bakery)
    assert bakery.stop() == 0
    assert not runs(pid)
    bakery.start()
    until(lambda: bakery.begun.read_text() == "one\none\n", "it is not baked again")
    assert status(bakery, id_)["state"] == "RUNNING"
