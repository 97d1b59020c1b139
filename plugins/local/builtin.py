"""Speaks with the built-in proxy.

Separate from `proxy` because that one is another program.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gennaker.core.processes.running import CannotStart
from gennaker.plugins.local.balancer import ANSWER_S, BUILTIN, Frontend, Report, Trouble, ask
from gennaker.plugins.local.keeper import Keeper

_SOCKET = "proxy.sock"


class BuiltIn:
    """See Balancer."""

    kind = BUILTIN

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keeper = Keeper(folder, self.kind)

    def apply(self, frontends: Sequence[Frontend]) -> Report:
        """See Balancer."""
        until = time.monotonic() + ANSWER_S
        try:
            if not self._keeper.alive:
                (self._folder / _SOCKET).unlink(missing_ok=True)
                self._keeper.start([sys.executable, "-m", "gennaker.plugins.local.proxy", _SOCKET])
        except CannotStart as error:
            raise Trouble(str(error)) from error
        while True:
            try:
                answer = ask(self._folder / _SOCKET, msgspec.json.encode(list(frontends)))
                return msgspec.json.decode(answer, type=Report)
            except (OSError, msgspec.MsgspecError) as error:
                if time.monotonic() > until or not self._keeper.alive:
                    raise Trouble(f"the built-in proxy does not answer ({error}); see balancer.log") from error
                time.sleep(0.02)

    def end(self) -> None:
        """See Balancer."""
        self._keeper.end()
        (self._folder / _SOCKET).unlink(missing_ok=True)
