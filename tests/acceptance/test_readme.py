"""Every command and every example of README works as it stands there."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gennaker.config.load import load

ROOT = Path(__file__).parents[2]
#: What changes the machine rather than the daemon; the tests named here run it.
INSTALLING = {
    "make run": "test_make_run_starts_the_daemon",
    "make demo": "test_demo.py",
    "pip install .": "tests/packaging",
    "gennaker up": "every test of this folder",
}

#: What .venv is made from.
INSTALLED_BY = ("setup.cfg", "pyproject.toml")

Blocks = Callable[[str, str], list[str]]


def commands(block: str) -> list[str]:
    return [line.partition("  #")[0].strip() for line in block.splitlines() if line.strip()]


def test_every_command_of_readme_runs(daemon: Any, blocks: Blocks) -> None:
    for block in blocks("README.md", "sh"):
        if all(command in INSTALLING for command in commands(block)):
            continue
        if "curl " in block and shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        script = "set -e\n" + block.replace("http://127.0.0.1:8084", daemon.url)
        done = subprocess.run(
            ["bash", "-c", script],
            env={**daemon.environment, "PATH": f"{daemon.program.parent}:{os.environ['PATH']}"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    found = daemon.http.get("/applications/example/executions/search", params={"size": 10}).json()
    assert len(found) == 2, "one execution by the command line, one by curl"


def test_the_pipeline_in_readme_is_the_example_file(blocks: Blocks) -> None:
    shown = json.loads(blocks("README.md", "json")[0])
    kept = json.loads((ROOT / "examples" / "pipelines" / "hello.json").read_text())
    assert shown["stages"] == kept["stages"]
    assert shown["name"] == kept["name"]


def test_the_plugin_in_readme_runs_and_is_short(new_daemon: Callable[..., Any], blocks: Blocks) -> None:
    (code,) = blocks("README.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    daemon = new_daemon()
    (daemon.home / "plugins.d").mkdir()
    (daemon.home / "plugins.d" / "greet.py").write_text(code)
    daemon.start()
    stage = {"refId": "1", "type": "greet", "who": "crew", "requisiteStageRefIds": []}
    assert '`{"refId": "1", "type": "greet", "who": "crew"}`' in (ROOT / "README.md").read_text()
    daemon.save({"application": "example", "name": "greet", "stages": [stage]})
    execution = daemon.ended(daemon.run("example", "greet"))
    assert execution["status"] == "SUCCEEDED", execution
    assert execution["stages"][0]["outputs"]["greeting"] == "Hello, crew!"


@pytest.mark.parametrize("document", ["README.md", "docs/operations.md"])
def test_every_configuration_shown_is_valid(document: str, blocks: Blocks, tmp_path: Path) -> None:
    shown = blocks(document, "yaml")
    assert shown
    for number, block in enumerate(shown):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        load(path, home=tmp_path, environ={"CI_TOKEN": "a-long-token"})


def test_the_configuration_of_readme_runs_on_rabbitmq_and_postgresql(
    new_daemon: Callable[..., Any], blocks: Blocks, amqp_url: str, postgres_url: str, bus_prefix: str
) -> None:
    (block,) = blocks("README.md", "yaml")
    settings = block.replace("postgresql://gennaker:secret@127.0.0.1:5432/gennaker", postgres_url)
    settings = settings.replace("amqp://gennaker:secret@127.0.0.1:5672/", amqp_url)
    assert settings.count("secret") == 0
    daemon = new_daemon(settings, GENNAKER_BUS__PREFIX=bus_prefix).start()
    daemon.save(json.loads((ROOT / "examples" / "pipelines" / "parallel-branches.json").read_text()))
    assert daemon.ended(daemon.run("example", "parallel-branches"))["status"] == "SUCCEEDED"
    assert daemon("doctor").code == 0
    assert daemon.stop() == 0


def test_make_run_starts_the_daemon(new_daemon: Callable[..., Any]) -> None:
    ready = ROOT / ".venv" / ".ready"
    if not ready.exists() or ready.stat().st_mtime < max((ROOT / n).stat().st_mtime for n in INSTALLED_BY):
        pytest.skip("make would install first, and a test must not; `make test` has done so before")
    daemon = new_daemon()
    plain = {name: value for name, value in daemon.environment.items() if not name.startswith(("MAKE", "MFLAGS"))}
    with daemon.log.open("ab") as log:
        process = subprocess.Popen(["make", "run"], cwd=ROOT, env=plain, stdout=log, stderr=log, start_new_session=True)
    daemon.process = process
    try:
        daemon.ready()
        daemon.logged(f"Gennaker is up at {daemon.url}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
