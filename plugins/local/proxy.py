"""The built-in load balancer: a TCP proxy, a program of its own. `python -m gennaker.plugins.local.proxy SOCKET`, in the region's folder.

Separate because it goes on when the supervisor and the daemon end: it knows what it was told last, and needs nobody. A server that cannot
be connected to is passed over for another as long as nothing was sent; one that takes no more connections keeps those that are open.
"""

import asyncio
import os
import sys
from collections import Counter
from contextlib import suppress

import msgspec

from gennaker.plugins.local.balancer import Frontend, Report, Server

_HOST = "127.0.0.1"
_CHUNK = 64 * 1024
_BACKLOG = 1024
_CONNECT_S = 2.0
_MOST_TOLD = 4 * 1024 * 1024
#: A connection to a server that has to go is closed when it was answered and silent for so long: the client asks elsewhere then.
_SILENT_S = 1.0
_LOOK_S = 0.25


class Listener:
    """One load balancer."""

    def __init__(self, frontend: Frontend, connections: "Counter[str]") -> None:
        self.frontend = frontend
        self._connections = connections
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError."""
        where = self.frontend
        self._server = await asyncio.start_server(self._take, where.host, where.port, backlog=_BACKLOG)

    def close(self) -> None:
        """Listen no more; connections go on."""
        if self._server is not None:
            self._server.close()

    def leaves(self, server: str) -> bool:
        """A server takes no more connections."""
        return not any(one.id == server and one.accepts for one in self.frontend.servers)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried: set[str] = set()
        while server := self._next(tried):
            tried.add(server.id)
            self._connections[server.id] += 1
            try:
                async with asyncio.timeout(_CONNECT_S):
                    inner, outer = await asyncio.open_connection(_HOST, server.port)
            except (OSError, TimeoutError):
                self._connections[server.id] -= 1
                continue
            try:
                await Pair(self, server.id, writer, outer).carry(reader, inner)
            finally:
                self._connections[server.id] -= 1
                outer.close()
            return

    def _next(self, tried: set[str]) -> Server | None:
        """The next server, in turn."""
        able = [one for one in self.frontend.servers if one.accepts and one.id not in tried]
        if not able:
            return None
        self._turn += 1
        return able[self._turn % len(able)]


class Pair:
    """A client's connection and the one to its server."""

    def __init__(
        self, listener: Listener, server: str, client: asyncio.StreamWriter, backend: asyncio.StreamWriter
    ) -> None:
        self._listener = listener
        self._server = server
        self._client = client
        self._backend = backend
        self._answered = False
        self._heard = asyncio.get_running_loop().time()

    async def carry(self, client: asyncio.StreamReader, backend: asyncio.StreamReader) -> None:
        """Pass on what either says until both have ended, or the server has to go and nothing is under way."""
        flows = {
            asyncio.create_task(self._flow(client, self._backend, answer=False)),
            asyncio.create_task(self._flow(backend, self._client, answer=True)),
        }
        try:
            while flows and not self._over():
                done, flows = await asyncio.wait(flows, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    one.result()
        finally:
            for one in flows:
                one.cancel()
            await asyncio.gather(*flows, return_exceptions=True)

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answer: bool) -> None:
        while data := await reader.read(_CHUNK):
            self._answered = answer
            self._heard = asyncio.get_running_loop().time()
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    def _over(self) -> bool:
        silent = asyncio.get_running_loop().time() - self._heard > _SILENT_S
        return self._answered and silent and self._listener.leaves(self._server)


class Proxy:
    """All load balancers of a region, as they were told last."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}
        self._connections: Counter[str] = Counter()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be told how things are to be, and answer with how they are."""
        with suppress(OSError, msgspec.MsgspecError):
            told = await reader.read(_MOST_TOLD)
            while more := await reader.read(_MOST_TOLD):
                told += more
            report = await self.become(msgspec.json.decode(told, type=list[Frontend]))
            writer.write(msgspec.json.encode(report))
            await writer.drain()
        writer.close()

    async def become(self, frontends: list[Frontend]) -> Report:
        """Listen where it is wanted, and nowhere else."""
        wanted = {one.name: one for one in frontends}
        for name, listener in list(self._listeners.items()):
            now = wanted.get(name)
            if now is None or (now.host, now.port) != (listener.frontend.host, listener.frontend.port):
                listener.frontend = msgspec.structs.replace(listener.frontend, servers=())
                listener.close()
                del self._listeners[name]
        trouble = []
        for name, frontend in wanted.items():
            if name in self._listeners:
                self._listeners[name].frontend = frontend
                continue
            listener = Listener(frontend, self._connections)
            try:
                await listener.start()
            except OSError as error:
                trouble.append(f"load balancer {name} cannot listen at {frontend.host}:{frontend.port}: {error}")
            else:
                self._listeners[name] = listener
        self._connections += Counter()
        return Report(connections=dict(self._connections), trouble="; ".join(trouble))


async def main(path: str) -> None:
    """Serve until we are ended."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    proxy = Proxy()
    os.umask(0o077)
    control = await asyncio.start_unix_server(proxy.hear, path)
    async with control:
        await control.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
