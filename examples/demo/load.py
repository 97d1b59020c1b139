"""A constant load: `load.py PORT [--rate 200] [--seconds 60] [--log FILE]`. Each second it prints a line of JSON; at the end one for the whole.

Requests leave at fixed instants, whether those before were answered or not. One is lost when it was refused, reset, not answered in time,
or answered by anybody but the application (which tells its version in `X-Version`, and in `X-Instance` which of its instances it was).
With `--log` each request is a line of a file: when it was asked and answered, in seconds since the epoch, the version, the instance.
"""

import argparse
import asyncio
import json
import signal
import socket
import time
from collections import Counter
from typing import TextIO

HOST = "127.0.0.1"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
PATIENCE_S = 15.0


class Load:
    """Requests, and what became of them."""

    def __init__(self, port: int, rate: int, log: TextIO | None) -> None:
        self._port = port
        self._log = log
        self._rate = rate
        self._open: set[asyncio.Task[None]] = set()
        self._second: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.stop = asyncio.Event()

    async def run(self, seconds: float) -> None:
        """Ask until the time is up or somebody wants us to stop; wait for the last answers."""
        began = time.monotonic()
        told = asyncio.create_task(self._tell())
        sent = 0
        while not self.stop.is_set() and time.monotonic() - began < seconds:
            while sent < (time.monotonic() - began) * self._rate:
                sent += 1
                task = asyncio.create_task(self._ask())
                self._open.add(task)
                task.add_done_callback(self._open.discard)
            await asyncio.sleep(0.005)
        if self._open:
            await asyncio.wait(self._open)
        told.cancel()
        self._say(
            {
                "total": sum(self.versions.values()),
                "lost": sum(self.lost.values()),
                "how": self.lost,
                "versions": self.versions,
            }
        )

    async def _ask(self) -> None:
        asked, version, instance = time.time(), "", ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                version, instance = await self._answer()
        except TimeoutError:
            reason = "not answered in time"
        except (OSError, EOFError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            reason = "answered by somebody else"
        if self._log is not None:
            self._log.write(f"{asked:.3f} {time.time():.3f} {version or '-'} {instance or '-'}\n")
        self._second[version or "lost"] += 1
        if version:
            self.versions[version] += 1
        else:
            self.lost[reason] += 1

    async def _answer(self) -> tuple[str, str]:
        """The version and instance that the answer comes from; empty when it is not the application's. The answer has to be whole."""
        loop = asyncio.get_running_loop()
        with socket.socket() as line:
            line.setblocking(False)
            await loop.sock_connect(line, (HOST, self._port))
            await loop.sock_sendall(line, REQUEST)
            answer = b""
            while part := await loop.sock_recv(line, 16384):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        headers = dict(row.lower().split(": ", 1) for row in head.decode().splitlines()[1:] if ": " in row)
        if int(headers.get("content-length", -1)) != len(body):
            raise EOFError(f"{len(answer)} bytes of an answer")
        return headers.get("x-version", ""), headers.get("x-instance", "")

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(1)
            second, self._second = self._second, Counter()
            lost = second.pop("lost", 0)
            self._say({"at": round(time.time(), 1), "answered": sum(second.values()), "lost": lost, "versions": second})

    @staticmethod
    def _say(what: dict[str, object]) -> None:
        print(json.dumps(what), flush=True)


async def main() -> int:
    """Load a port until told otherwise."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("port", type=int)
    options.add_argument("--rate", type=int, default=200)
    options.add_argument("--seconds", type=float, default=3600.0)
    options.add_argument("--log", type=argparse.FileType("w"))
    given = options.parse_args()
    load = Load(given.port, given.rate, given.log)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, load.stop.set)
    await load.run(given.seconds)
    if given.log is not None:
        given.log.close()
    return 1 if load.lost else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
