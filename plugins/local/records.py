"""What stands in the files of a region: what is wanted, and what is there.

Separate because three programs read them: the daemon writes what is wanted, the supervisor what is there, and the balancer's own file is
made from both.
"""

from math import ceil
from typing import Literal

from msgspec import Struct

from gennaker.core.processes.detached import Process


class Check(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to tell whether an instance serves: a GET of `path` that answers 2xx or 3xx, or without one a connection."""

    path: str = ""
    #: Seconds that an answer may take.
    seconds: float = 2.0


class Rules(Struct, frozen=True, kw_only=True):
    """What the supervisor of a region goes by; the settings that concern it."""

    balancer: Literal["auto", "haproxy", "builtin"] = "auto"
    listen: str = "127.0.0.1"
    first_port: int = 21000
    last_port: int = 29999
    check_seconds: float = 1.0
    drain_seconds: float = 30.0
    stop_seconds: float = 10.0


class WantedGroup(Struct, frozen=True, kw_only=True):
    """A server group as it is wanted."""

    name: str
    #: Epoch milliseconds.
    created: int
    #: The effect key that made it.
    key: str
    #: Id of the image, its name, and the folder in which its command is run.
    image: str
    image_name: str
    folder: str
    command: tuple[str, ...]
    min: int
    max: int
    desired: int
    #: The environment variable that tells an instance its port.
    port_variable: str = "PORT"
    check: Check = Check()
    environment: dict[str, str] = {}
    balancers: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    #: How many per cent of the instances get traffic; 0 = it is disabled.
    traffic: float = 100.0
    #: Instances that have to go.
    condemned: tuple[str, ...] = ()
    #: It has to go with all its instances.
    gone: bool = False

    @property
    def serving(self) -> int:
        """How many instances get traffic once all are up."""
        return ceil(self.desired * self.traffic / 100 - 1e-6)


class WantedBalancer(Struct, frozen=True, kw_only=True):
    """A load balancer as it is wanted."""

    name: str
    port: int
    protocol: Literal["http", "tcp"] = "http"


class Seen(Struct, kw_only=True):
    """An instance as the supervisor knows it; times are epoch milliseconds, 0 = not."""

    id: str
    group: str
    port: int
    launched: int
    #: None until it was started.
    process: Process | None = None
    state: Literal["Starting", "Up", "Down"] = "Starting"
    #: It is given new connections.
    serves: bool = False
    #: Open connections at the last look.
    connections: int = 0
    #: It has to go; since when it is given no more connections; when it was asked to end.
    leaving: bool = False
    drained_from: int = 0
    asked: int = 0


class Region(Struct, kw_only=True):
    """What is there."""

    instances: list[Seen] = []
    #: Group to what is wrong with it, in a sentence.
    problems: dict[str, str] = {}
    #: What is wrong with the balancer.
    trouble: str = ""
