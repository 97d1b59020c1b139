"""Other programs: run to their end within bounds, or started to outlive us and known again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gennaker.core.processes.detached import Process, end, find, identify, is_alive, start
from gennaker.core.processes.running import CannotStart, run
from gennaker.core.redact import redactor


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_and_code_are_told() -> None:
    done = run(python("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"), seconds=30)
    assert (done.code, done.output, done.ok) == (3, "out\nerr\n", False)


def test_arguments_are_not_read_by_a_shell() -> None:
    wild = "$(touch /tmp/never); `id` && *"
    done = run([*python("import sys; print(sys.argv[1])"), wild], seconds=30)
    assert done.ok
    assert done.output == f"{wild}\n"


def test_what_is_given_stands_on_its_stdin() -> None:
    done = run(python("import sys; print(len(sys.stdin.read()))"), seconds=30, given=b"x" * 300_000)
    assert done.output == "300000\n"


def test_the_environment_of_the_daemon_stays_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENNAKER_BUS__URL", "amqp://u:p@h")
    code = "import os; print(os.environ.get('GENNAKER_BUS__URL'), os.environ['GIVEN'], 'PATH' in os.environ)"
    assert run(python(code), seconds=30, environment={"GIVEN": "yes"}).output == "None yes True\n"


def test_lines_come_while_it_runs_and_hold_no_secrets() -> None:
    redactor.register(["verysecretvalue"])
    lines: list[str] = []
    done = run(python("print('a verysecretvalue b'); print('last', end='')"), seconds=30, on_line=lines.append)
    assert [line.replace("verysecretvalue", "LEAK") for line in lines] == lines
    assert len(lines) == 2
    assert lines[1] == "last"
    assert "verysecretvalue" not in done.output


def test_only_the_end_of_much_output_is_kept() -> None:
    done = run(python("for n in range(100000): print('line', n)"), seconds=60, most=1000)
    assert done.shortened
    assert len(done.output) <= 1000
    assert done.output.startswith("line ")
    assert done.output.endswith("line 99999\n")


def test_its_time_ends_it_and_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    code = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(mark)!r}, "w").write(str(child.pid))
print("ready", flush=True)
time.sleep(60)
"""
    done = run(python(code), seconds=3, grace_s=1)
    assert done.cut == "time"
    assert "ready" in done.output
    until = time.monotonic() + 5
    while identify(int(mark.read_text())) and time.monotonic() < until:
        time.sleep(0.02)
    assert identify(int(mark.read_text())) is None


def test_stop_lets_it_clean_up() -> None:
    stop = threading.Event()
    code = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"cleaned\\n"), os._exit(0)))
os.write(1, b"ready\\n")
time.sleep(60)
"""
    done = run(python(code), seconds=60, stop=stop, on_line=lambda line: stop.set() if line == "ready" else None)
    assert (done.cut, done.output, done.ok) == ("stop", "ready\ncleaned\n", False)


def test_what_it_leaves_behind_does_not_keep_us() -> None:
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    began = time.monotonic()
    assert run(python(code), seconds=50).ok
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("argv", [["no-such-program-here"], ["/"], ["bad\0name"]])
def test_a_program_that_cannot_start_is_named(argv: list[str]) -> None:
    with pytest.raises(CannotStart, match=r"cannot be started"):
        run(argv, seconds=1)


def test_a_detached_program_is_known_again_and_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(python("print('here', flush=True); import time; time.sleep(60)"), folder=tmp_path, log=log)
    assert is_alive(process)
    assert os.getsid(process.pid) == process.pid
    assert not is_alive(Process(pid=process.pid, started="another boot/1"))
    assert not end(Process(pid=process.pid, started="another boot/1"), signal.SIGKILL)
    assert end(process, signal.SIGTERM)
    until = time.monotonic() + 10
    while is_alive(process) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(process)
    assert not end(process, signal.SIGTERM)


#: Starts a child of its own, says both numbers, and takes its time to end when it is asked to.
STUBBORN = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def asked(*_):
    os.write(1, b"asked\\n"); open(sys.argv[1], "w").write("cleaned"); child.wait(); sys.exit(0)
signal.signal(signal.SIGINT, asked)
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


def gone(*pids: int, seconds: float = 20.0) -> bool:
    """Whether these programs end."""
    until = time.monotonic() + seconds
    while any(identify(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(identify(pid) for pid in pids)


def test_a_guarded_program_is_asked_to_end_by_the_signal_that_it_understands(tmp_path: Path) -> None:
    stop, lines = threading.Event(), []

    def on_line(line: str) -> None:
        lines.append(line)
        stop.set()

    argv = [*python(STUBBORN), str(tmp_path / "note")]
    done = run(argv, seconds=60, stop=stop, on_line=on_line, ask=signal.SIGINT, guarded=True)
    assert (done.cut, lines[1:]) == ("stop", ["asked"])
    assert (tmp_path / "note").read_text() == "cleaned"
    assert gone(*map(int, lines[0].split()))


def test_a_guarded_program_gives_its_code_and_output() -> None:
    done = run(python("print('out'); raise SystemExit(3)"), seconds=30, guarded=True)
    assert (done.code, done.output, done.cut) == (3, "out\n", "")


def test_a_guarded_program_does_not_outlive_us(tmp_path: Path) -> None:
    """Killed without a word, as the system does when it lacks memory: the program is asked to end, and cleans up, though nobody reads."""
    code = f"""
import signal, sys
from gennaker.core.processes.running import run
run([sys.executable, "-c", {STUBBORN!r}, {str(tmp_path / "note")!r}], seconds=60, on_line=lambda line: print(line, flush=True),
    ask=signal.SIGINT, grace_s=10, guarded=True)
"""
    daemon = subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    pids = [int(word) for word in daemon.stdout.readline().split()]
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    assert gone(*pids)
    assert (tmp_path / "note").read_text() == "cleaned"


def test_a_program_is_found_by_its_environment(tmp_path: Path) -> None:
    mark = f"{tmp_path.name}-{os.getpid()}"
    code = "import time; time.sleep(60)"
    process = start(python(code), folder=tmp_path, log=tmp_path / "log", environment={"MARK_OF_TEST": mark})
    assert find("MARK_OF_TEST", mark) == [process]
    assert find("MARK_OF_TEST", mark[:-1]) == []
    assert end(process, signal.SIGKILL, alone=True)
