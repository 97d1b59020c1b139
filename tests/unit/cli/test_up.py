"""The socket on which the daemon listens."""

import asyncio
import socket
from pathlib import Path

from gennaker.config.load import load
from gennaker.core.cli.up import _listen


def test_answers_on_a_kept_connection_are_sent_at_once(tmp_path: Path) -> None:
    """With Nagle's algorithm the second part of an answer waits 40 ms for the client's acknowledgement."""
    settings = load(None, home=tmp_path, environ={}, overrides={"server.port": 0})

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with _listen(settings) as listener:
            async with await asyncio.start_server(note, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                answer = await found
                writer.close()
                await writer.wait_closed()
                return answer

    assert asyncio.run(accepted()) != 0
