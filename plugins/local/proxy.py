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
_BACKLOG = 1024
_CONNECT_S = 5.0
_MOST_TOLD = 4 * 1024 * 1024
#: A connection to a server that has to go is closed when it was answered and silent for so long: the client asks elsewhere then.
_SILENT_S = 1.0
_LOOK_S = 0.5


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
        where, loop = self.frontend, asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Client(self), where.host, where.port, backlog=_BACKLOG)

    def close(self) -> None:
        """Listen no more; connections go on."""
        if self._server is not None:
            self._server.close()

    def take(self, client: "Client") -> None:
        """A client has connected."""
        task = asyncio.get_running_loop().create_task(self._connect(client))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    def release(self, server: str) -> None:
        """A connection to a server has ended."""
        self._connections[server] -= 1

    def leaves(self, server: str) -> bool:
        """A server takes no more connections."""
        return not any(one.id == server and one.accepts for one in self.frontend.servers)

    async def _connect(self, client: "Client") -> None:
        """Give the client a server: the next in turn, or another when that one cannot be connected to."""
        tried: set[str] = set()
        while server := self._next(tried):
            tried.add(server.id)
            backend = Backend(client, self, server.id)
            self._connections[server.id] += 1
            if await _reached(backend, server.port):
                return
            backend.count_off()
        client.end()

    def _next(self, tried: set[str]) -> Server | None:
        """The next server, in turn."""
        able = [one for one in self.frontend.servers if one.accepts and one.id not in tried]
        if not able:
            return None
        self._turn += 1
        return able[self._turn % len(able)]


class Side(asyncio.Protocol):
    """One end of a connection that is passed on; what it says goes to the other end, no faster than that takes it."""

    other: "Side | None" = None
    transport: asyncio.Transport | None = None
    #: It has said all.
    silent = False

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """It has said all; it may still be told something."""
        self.silent = True
        if self.other is None or self.other.transport is None or self.other.silent:
            return False
        with suppress(OSError, RuntimeError):
            self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """The other end goes too, once it was told everything."""
        if self.other is not None:
            self.other.end()

    def end(self) -> None:
        """Close this end, after what was written to it."""
        if self.transport is not None:
            self.transport.close()


class Client(Side):
    """The end of who asks."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing until there is a server to tell it to."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.pause_reading()
        self._listener.take(self)

    def data_received(self, data: bytes) -> None:
        """See the parent; a question is under way."""
        if isinstance(self.other, Backend):
            self.other.answered_at = None
        super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """See the parent."""
        self.gone = True
        super().connection_lost(error)


class Backend(Side):
    """The end of a server."""

    def __init__(self, client: Client, listener: Listener, server: str) -> None:
        self._client = client
        self._listener = listener
        self._server = server
        self._counted = True
        #: When it answered last; None while a question is under way.
        self.answered_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """From now on both ends hear each other."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._client.gone or self._client.transport is None:
            transport.close()
            return
        self.other, self._client.other = self._client, self
        self._client.transport.resume_reading()
        self._look()

    def data_received(self, data: bytes) -> None:
        """See the parent."""
        self.answered_at = asyncio.get_running_loop().time()
        super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """See the parent."""
        self.count_off()
        super().connection_lost(error)

    def count_off(self) -> None:
        """It is no open connection any more."""
        if self._counted:
            self._counted = False
            self._listener.release(self._server)

    def _look(self) -> None:
        """End a connection that is kept open and says nothing, when its server has to go."""
        if not self._counted:
            return
        loop = asyncio.get_running_loop()
        silent = self.answered_at is not None and loop.time() - self.answered_at > _SILENT_S
        if silent and self._listener.leaves(self._server):
            self._client.end()
        else:
            loop.call_later(_LOOK_S, self._look)


async def _reached(backend: Backend, port: int) -> bool:
    """Connect to a server; False when that cannot be done."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            await asyncio.get_running_loop().create_connection(lambda: backend, _HOST, port)
    except (OSError, TimeoutError):
        return False
    return True


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
