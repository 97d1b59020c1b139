"""A process of a benchmark: it is told one thing per line and answers with one line, both JSON.

Separate because the processes of the program and of the peers are driven in the same way.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent


class Child:
    """Runs a script of this folder until it is closed."""

    def __init__(self, script: str, **given: Any) -> None:
        self._script = script
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / script), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=HERE,
        )
        self._answer()

    def call(self, do: str, **given: Any) -> Any:
        """Have it do something and wait for what it answers. Raises RuntimeError with its error output when it dies."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **given}).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"{self._script} ended:\n{self._errors.read().decode()[-4000:]}")
        return json.loads(line)

    def close(self, timeout: float = 30.0) -> None:
        """Let it end; it is killed when it takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def serve(answers: Any) -> None:
    """The other side: answer each line with the result of the method of that name, until there are no more."""
    print("null", flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        result = getattr(answers, told.pop("do"))(**told)
        print(json.dumps(result), flush=True)
