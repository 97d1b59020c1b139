"""A constant load: `load.py PORT [--rate 200] [--seconds 60] [--log FILE] [--keep]`. Each second it prints a line of JSON; at the end one for the whole.

Requests leave at fixed instants, whether those before were answered or not. One is lost when it was refused, reset, not answered in time,
or answered by anybody but the application (which tells its version in `X-Version`, and in `X-Instance` which of its instances it was).
With `--keep` connections are used again as long as they are open. With `--log` each request is a line of a file: when it was asked and
answered, in seconds since the epoch, the version, the instance.
"""

import argparse
import asyncio
import json
import select
import signal
import socket
import time
from collections import Counter
from typing import TextIO

HOST = "127.0.0.1"
REQUEST = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {}\r\n\r\n"
PATIENCE_S = 15.0


class Load:
    """Requests, and what became of them."""

    def __init__(self, port: int, rate: int, log: TextIO | None, *, keep: bool) -> None:
        self._port = port
        self._log = log
        self._rate = rate
        self._keep = keep
        self._request = REQUEST.format("keep-alive" if keep else "close").encode()
        #: Open connections that nobody uses now.
        self._lines: list[socket.socket] = []
        self._open: set[asyncio.Task[None]] = set()
        self._second: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.connections = 0
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
                "connections": self.connections,
            }
        )

    async def _ask(self) -> None:
        asked, version, instance = time.time(), "", ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                version, instance = await self._answer()
        except TimeoutError:
            reason = "not answered in time"
        except (OSError, EOFError, ValueError, KeyError) as error:
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
        line, kept = await self._line(), False
        try:
            await loop.sock_sendall(line, self._request)
            headers = await self._read(line)
            kept = self._keep and headers.get("connection") != "close"
        finally:
            if kept:
                self._lines.append(line)
            else:
                line.close()
        return headers.get("x-version", ""), headers.get("x-instance", "")

    async def _line(self) -> socket.socket:
        """A connection: one that is open and that nobody has closed meanwhile, or a new one."""
        while self._lines:
            line = self._lines.pop()
            if not select.select([line], [], [], 0)[0]:
                return line
            line.close()
        self.connections += 1
        line = socket.socket()
        line.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(line, (HOST, self._port))
        except BaseException:
            line.close()
            raise
        return line

    async def _read(self, line: socket.socket) -> dict[str, str]:
        """The headers of a whole answer."""
        loop = asyncio.get_running_loop()
        answer, headers, end = b"", dict[str, str](), -1
        while end < 0 or len(answer) < end:
            part = await loop.sock_recv(line, 16384)
            if not part:
                raise EOFError(f"{len(answer)} bytes of an answer")
            answer += part
            head, found, _ = answer.partition(b"\r\n\r\n")
            if found and end < 0:
                rows = head.decode().lower().splitlines()[1:]
                headers = dict(row.split(": ", 1) for row in rows if ": " in row)
                end = len(head) + len(found) + int(headers["content-length"])
        return headers

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
    options.add_argument("--keep", action="store_true")
    given = options.parse_args()
    load = Load(given.port, given.rate, given.log, keep=given.keep)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, load.stop.set)
    await load.run(given.seconds)
    if given.log is not None:
        given.log.close()
    return 1 if load.lost else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
