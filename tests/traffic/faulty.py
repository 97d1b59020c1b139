"""A plugin: the cloud `local`, whose operations fail, or end the daemon, where a test wants it. It stands in for the plugin `local`.

What a test wants is in files of the folder `orders` in the home: `fail` holds the number of an operation (1 = the next one) that is
refused; while `kill` is there, each operation ends the daemon twice, before its effect and after it, and reads take so long that a test
sees every task that runs. `done` lists what was asked for.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.provider import Cloud, CloudError, Operation
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings

OPERATIONS = ("create", "resize", "enable", "disable", "destroy")


class Faulty(LocalCloud):
    """The cloud on this machine, with faults."""

    def __init__(self, settings: Settings, home: Path) -> None:
        super().__init__(settings, home)
        self._orders = home / "orders"
        self._orders.mkdir(exist_ok=True)

    def around(self, name: str, operation: Operation, effect: Callable[[], Any]) -> Any:
        """Perform an operation as the test wants it."""
        self._refuse(name)
        self._end(name, "before", operation.key)
        answer = effect()
        self._end(name, "after", operation.key)
        with (self._orders / "done").open("a") as done:
            done.write(f"{name} {operation.key}\n")
        return answer

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        """See the parent."""
        if (self._orders / "kill").exists():
            time.sleep(0.6)
        return super().server_groups(account, region, application)

    def _refuse(self, name: str) -> None:
        order = self._orders / "fail"
        if order.exists():
            left = int(order.read_text()) - 1
            order.write_text(str(left))
            if left == 0:
                order.unlink()
                raise CloudError(f"the quota for {name} is used up; ask for more")

    def _end(self, name: str, when: str, key: str) -> None:
        mark = self._orders / f"{name}.{when}.{key.replace('/', '~')}"
        if (self._orders / "kill").exists() and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def _wrapped(name: str) -> Callable[..., Any]:
    real = getattr(LocalCloud, name)

    def operate(self: Faulty, *given: Any, **more: Any) -> Any:
        operation = next(one for one in (*given, *more.values()) if isinstance(one, Operation))
        return self.around(name, operation, lambda: real(self, *given, **more))

    return operate


for each in OPERATIONS:
    setattr(Faulty, each, _wrapped(each))


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section of the plugin that it stands in for."""
    return Settings


@hookimpl
def gennaker_clouds(settings: Settings, home: Path) -> Sequence[Cloud]:
    """This machine."""
    return [Faulty(settings, home)]
