"""The wheel that people install: it holds all that is tracked and nothing else, and `gennaker up` runs from it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bus", "config", "core", "plugins")


def run(*command: str | Path, **options: object) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return str(done.stdout)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files that the repository has."""
    names = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the tracked files alone, so that nothing that merely lies about gets in."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "dist", cwd=source)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and beside it the libraries that are installed here; our sources are not seen."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    (site,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is taken as it is: the .pth files in that folder, and so our editable install, are not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
        *("--no-deps", "--no-index", "--ignore-installed", "--disable-pip-version-check", wheel),
    )
    return folder


def test_the_wheel_has_every_tracked_file_of_the_program_and_no_other(wheel: Path, tracked: list[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {f"gennaker/{name}" for name in tracked if name.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    expected = {name for name in expected if not name.endswith("/README.md")}
    assert inside == expected


def test_the_wheel_brings_the_command_and_the_plugins(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        text = archive.read(name).decode()
    assert "gennaker = gennaker.core.main:main" in text
    for plugin in (ROOT / "plugins").glob("*/__init__.py"):
        assert f"{plugin.parent.name} = gennaker.plugins.{plugin.parent.name}" in text


def test_the_installed_program_is_the_wheel_and_not_the_sources(environment: Path, tmp_path: Path) -> None:
    code = "import gennaker.core.main as m, gennaker.plugins.gate as g; print(m.__file__, g.__file__)"
    for file in run(environment / "bin" / "python", "-c", code, cwd=tmp_path).split():
        assert Path(file).is_relative_to(environment)


def test_the_program_says_its_version(environment: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"gennaker \d+\.\d+\.\d+\n", run(environment / "bin" / "gennaker", "--version", cwd=tmp_path))


@pytest.fixture
def daemon(environment: Path, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`gennaker up` from the wheel, with the URL that it says."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("GENNAKER_", "PYTHON"))}
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            [environment / "bin" / "gennaker", "up", "--port", "0"],
            cwd=tmp_path,
            env={**plain, "GENNAKER_HOME": str(tmp_path / "home")},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found, f"{line}\n{(tmp_path / 'log').read_text()}"
            yield process, found[0]
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def test_the_daemon_runs_from_the_wheel_until_it_is_told_to_stop(daemon: tuple["subprocess.Popen[str]", str]) -> None:
    process, url = daemon
    with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
        assert answer.status == 200
        assert b'"UP"' in answer.read()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
