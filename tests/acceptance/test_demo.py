"""`make demo` in a short form: red/black under load, a bad version, rollback; nothing is lost and nothing stays behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "demo.py"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    """Where the demo makes its home; everything below is gone in the end."""
    yield tmp_path
    assert running_in(tmp_path) == []
    assert not list(tmp_path.iterdir())


def start(temporary: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The demo in a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(DEMO), *arguments],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def running_in(folder: Path) -> list[str]:
    """The programs that work in a folder or were told of it."""
    found = []
    for about in Path("/proc").glob("[0-9]*"):
        try:
            words = (about / "cmdline").read_text().replace("\0", " ")
            place = os.readlink(about / "cwd")
        except OSError:
            continue
        if place.startswith(str(folder)) or str(folder) in words:
            found.append(words)
    return found


def test_the_demo_drops_no_request(temporary: Path) -> None:
    process = start(temporary, "--seconds", "0.5")
    out, _ = process.communicate(timeout=380)
    assert process.returncode == 0, out
    assert "deployment of v2 ended: SUCCEEDED" in out
    assert "deployment of bad ended: TERMINAL" in out
    assert ", dropped: 0" in out
    assert ("Bake: SUCCEEDED" in out) == (shutil.which("packer") is not None), out


def test_the_demo_cleans_up_when_it_is_interrupted(temporary: Path) -> None:
    process = start(temporary)
    assert process.stdout is not None
    for line in process.stdout:
        if "deploy v1" in line:
            break
    time.sleep(2)
    assert running_in(temporary)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130, out
