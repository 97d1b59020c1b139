"""The real daemon in a process of its own, and the real command line against it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from programs import free_port

PROGRAM = Path(sys.executable).with_name("gennaker")
ROOT = Path(__file__).parents[1]
#: Seconds a daemon may take on a busy machine.
READY = 60.0
PATIENCE = 60.0


class Cli:
    """What the command line answered."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)


class Daemon:
    """`gennaker up` with a home of its own."""

    program = PROGRAM
    root = ROOT

    def __init__(self, home: Path, settings: str = "", **environment: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.configure(settings or "{}\n")
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GENNAKER_")}
        own = {"GENNAKER_HOME": str(home), "GENNAKER_SERVER__PORT": str(self.port), "GENNAKER_SERVER": self.url}
        self.environment = {**plain, **own, **environment}
        self.log = home / "daemon.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def configure(self, settings: str) -> None:
        """Write its file."""
        (self.home / "gennaker.yaml").write_text(settings)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def logged(self, words: str) -> None:
        """Wait until it has said something."""
        until = time.monotonic() + PATIENCE
        while words not in self.log.read_text():
            assert time.monotonic() < until, f"never said {words!r}:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.05)

    def start(self, *arguments: str) -> "Daemon":
        """Start it and wait until it says that it is up."""
        self.launch(*arguments)
        return self.ready()

    def ready(self) -> "Daemon":
        """Wait until it says that it is up."""
        until = time.monotonic() + READY
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, f"the daemon ended:\n{self.log.read_text()}"
            with contextlib.suppress(httpx.TransportError):
                if self.http.get("/health").status_code == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"the daemon is not up after {READY} s:\n{self.log.read_text()}")

    def launch(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start it and wait for nothing."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), "up", *arguments], env=self.environment, stdout=log, stderr=log, cwd=self.home
            )
        return self.process

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as an operator would; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def close(self) -> None:
        """Leave nothing running."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.http.close()

    def __call__(self, *arguments: str, stdin: str | None = None, **environment: str) -> Cli:
        """Run a command against it."""
        return Cli(
            subprocess.run(
                [str(PROGRAM), *arguments],
                env={**self.environment, **environment},
                input=stdin,
                capture_output=True,
                text=True,
                timeout=180,
                cwd=ROOT,
                check=False,
            )
        )

    def running(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command against it and do not wait for its end."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [str(PROGRAM), *arguments], env=self.environment, stdout=pipe, stderr=pipe, text=True, cwd=ROOT
        )

    def save(self, pipeline: dict[str, Any]) -> None:
        """Store a pipeline over HTTP."""
        answer = self.http.post("/pipelines", json=pipeline)
        assert answer.status_code == 200, answer.text

    def run(self, application: str, name: str, **trigger: Any) -> str:
        """Start a pipeline over HTTP; the id of the execution."""
        answer = self.http.post(f"/pipelines/{application}/{name}", json=trigger)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["ref"].rsplit("/", 1)[-1])

    def execution(self, id_: str) -> dict[str, Any]:
        """An execution over HTTP."""
        answer = self.http.get(f"/pipelines/{id_}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until(self, id_: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a state of an execution."""
        limit = time.monotonic() + PATIENCE
        while not wanted(state := self.execution(id_)):
            if time.monotonic() > limit:
                raise AssertionError(f"still {json.dumps(state, indent=1)[:6000]}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)
        return state

    def ended(self, id_: str) -> dict[str, Any]:
        """Wait for the end of an execution."""
        return self.until(id_, lambda state: state["status"] not in ("NOT_STARTED", "RUNNING", "PAUSED"))

    def asked(self, id_: str) -> dict[str, Any]:
        """Wait until a person is asked; the manual judgment."""

        def waiting(state: dict[str, Any]) -> list[dict[str, Any]]:
            return [s for s in state["stages"] if s["type"] == "manualJudgment" and s["status"] == "RUNNING"]

        return waiting(self.until(id_, lambda state: bool(waiting(state))))[0]
