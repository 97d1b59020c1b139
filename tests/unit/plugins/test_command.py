"""`gennaker plugin`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gennaker.core.main import main


def run(home: Path, *arguments: str) -> Result:
    command = ["plugin", arguments[0], *(["--home", str(home)] if arguments[0] != "new" else []), *arguments[1:]]
    return CliRunner().invoke(main, command, env={"GENNAKER_HOME": str(home)})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "plugins.d").mkdir()
    (tmp_path / "plugins.d" / "broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "gennaker.yaml").write_text("plugins:\n  gate:\n    enabled: false\n")
    return tmp_path


def test_list_shows_what_runs_what_is_broken_and_what_is_left_out(home: Path) -> None:
    found = run(home, "list", "--config", str(home / "gennaker.yaml"), "-o", "json")
    rows = {row["name"]: row for row in json.loads(found.output)}
    assert rows["flow"]["state"] == "loaded"
    assert "wait" in rows["flow"]["stages"]
    assert rows["broken"]["state"] == "broken"
    assert "nothing_of_this_name" in rows["broken"]["reason"]
    assert rows["gate"]["state"] == "disabled"
    assert "manualJudgment" in run(home, "list").output


def test_show_tells_what_a_plugin_brings(home: Path) -> None:
    shown = json.loads(run(home, "show", "flow", "-o", "json").output)
    assert shown["hooks"] == ["gennaker_settings", "gennaker_stages"]
    assert shown["stages"]["wait"] == "Pause the pipeline for a while."


def test_show_tells_where_a_plugin_failed(home: Path) -> None:
    shown = run(home, "show", "broken")
    assert shown.exit_code == 1
    assert "broken.py" in shown.output
    assert run(home, "show", "nope").exit_code == 4


def test_check_tries_an_installed_plugin(home: Path) -> None:
    checked = run(home, "check", "flow")
    assert (checked.exit_code, "nothing is wrong (wait" in checked.output) == (0, True)
    assert run(home, "check", "broken").exit_code == 1
    assert run(home, "check", "nope").exit_code == 4


def test_check_gives_stage_types_definitions_that_they_may_change(home: Path) -> None:
    checked = json.loads(run(home, "check", "catalog", "-o", "json").output)
    assert "savePipeline" in checked["stages"]
    assert checked["problems"] == []


def test_check_tells_what_is_wrong_with_a_file(home: Path) -> None:
    file = home / "odd.py"
    file.write_text(
        "from gennaker.core.hookspecs import hookimpl\n"
        "from gennaker.core.stage import Stage, task\n"
        'class Odd(Stage, type="odd"):\n'
        '    """Odd."""\n'
        "    @task\n"
        "    def go(self, run):\n"
        "        return 5\n"
        "@hookimpl\n"
        "def gennaker_stages():\n"
        "    return [Odd]\n"
    )
    checked = run(home, "check", str(file))
    assert checked.exit_code == 1
    assert "odd: go of stage type 'odd' answered 5" in checked.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[project", "is no TOML"),
        ("[project]\n", "expected a table [project.entry-points.gennaker]"),
        (None, "expected a .py file, a package folder"),
    ],
)
def test_check_tells_what_is_no_plugin(home: Path, content: str | None, said: str) -> None:
    folder = home / "thing"
    folder.mkdir()
    if content is not None:
        (folder / "pyproject.toml").write_text(content)
    checked = run(home, "check", str(folder))
    assert checked.exit_code == 4
    assert said in checked.output


@pytest.mark.parametrize("name", ["Hello", "my-plugin", "json", "class", "gennaker", "9x", "../x"])
def test_new_refuses_a_name_that_cannot_be_one(home: Path, name: str) -> None:
    written = run(home, "new", name, "--folder", str(home))
    assert written.exit_code == 4
    assert "expected one lower-case word" in written.output


def test_new_overwrites_nothing(home: Path) -> None:
    assert run(home, "new", "hello", "--folder", str(home)).exit_code == 0
    assert "exists already" in run(home, "new", "hello", "--folder", str(home)).output


def test_new_writes_a_package_that_installs_runs_and_passes_its_own_tests(home: Path) -> None:
    written = json.loads(run(home, "new", "shout_out", "--folder", str(home), "-o", "json").output)
    assert len(written["files"]) == 5
    project = home / "gennaker-shout_out"
    checked = run(home, "check", str(project))
    assert checked.output == "shout_out: nothing is wrong (shout_out)\n"
    site = home / "site"
    install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    _run([*install, str(project)], home, {})
    _run(["pytest", "-q", "-p", "no:cacheprovider", str(project / "tests")], home, {"PYTHONPATH": str(site)})
    listing = _run(["gennaker.core.main", "plugin", "list", "-o", "json"], home, {"PYTHONPATH": str(site)})
    [row] = [row for row in json.loads(listing) if row["name"] == "shout_out"]
    assert (row["state"], row["version"], row["stages"]) == ("loaded", "0.1.0", ["shout_out"])


def _run(module: list[str], home: Path, more: dict[str, str]) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "GENNAKER_HOME": str(home), **more}
    code = (
        ["-c", "from gennaker.core.main import main; main()"]
        if module[0] == "gennaker.core.main"
        else ["-m", module[0]]
    )
    done = subprocess.run(
        [sys.executable, *code, *module[1:]], env=environment, cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
