"""Asks instances whether they serve.

Separate because it is the only part of the supervisor that waits for somebody else; all are asked at the same time.
"""

import asyncio
from contextlib import suppress

from gennaker.plugins.local.records import Check

_HOST = "127.0.0.1"


async def probe(port: int, check: Check) -> bool:
    """Whether what listens there answers as the check expects, in its time."""
    try:
        async with asyncio.timeout(check.seconds):
            return await _ask(port, check.path)
    except (OSError, TimeoutError, ValueError):
        return False


async def _ask(port: int, path: str) -> bool:
    reader, writer = await asyncio.open_connection(_HOST, port)
    try:
        if not path:
            return True
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {_HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        version, _, rest = (await reader.readline()).partition(b" ")
        return version.startswith(b"HTTP/1.") and rest[:1] in (b"2", b"3")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
