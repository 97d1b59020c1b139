"""Stands between us and a program that must not outlive us: when we die, it asks the program and its children to end, and then kills them.

Separate because it is a process of its own, started by its path: it imports nothing of ours, so that it starts at once. Called as
`guard.py LIFELINE SIGNAL GRACE PROGRAM…`; LIFELINE is the number of an open pipe whose other end closes with us. It passes the program's
output on, and drains it when nobody reads: a program that cleans up must not die of telling so.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from typing import IO

_CHUNK = 64 * 1024
_LOOK_S = 0.1


def main(arguments: list[str]) -> int:
    """Run the program; its exit code."""
    lifeline, ask, grace_s, argv = int(arguments[0]), int(arguments[1]), float(arguments[2]), arguments[3:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(
            number, lambda *_: None
        )  # a signal to the group is for the program; one that is ignored it would ignore too
    os.set_inheritable(lifeline, False)
    try:
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        sys.stdout.write(f"{argv[0]!r} cannot be started: {error}\n")
        return 127
    assert child.stdout is not None
    pump = threading.Thread(target=_pump, args=(child.stdout,), daemon=True)
    pump.start()
    while child.poll() is None:
        if select.select([lifeline], [], [], _LOOK_S)[0]:
            _end(child, ask, grace_s)
    pump.join(1.0)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _end(child: "subprocess.Popen[bytes]", ask: int, grace_s: float) -> None:
    """We are alone: ask the whole group to end, then end it, ourselves with it."""
    os.killpg(0, ask)
    until = time.monotonic() + grace_s
    while child.poll() is None and time.monotonic() < until:
        time.sleep(_LOOK_S)
    os.killpg(0, signal.SIGKILL)


def _pump(source: IO[bytes]) -> None:
    heard = True
    while data := os.read(source.fileno(), _CHUNK):
        while heard and data:
            try:
                data = data[os.write(1, data) :]
            except OSError:
                heard = False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
