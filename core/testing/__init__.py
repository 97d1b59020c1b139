"""The test kit for plugin authors: real engine and real stage code, virtual time, no server.

`Rig` runs a pipeline of an author's stages; `conformance` runs them again with duplicates, reorders and crashes; `FakeHttp` stands in
for the web; `MemoryBus` is the bus of a single process. `check_cloud` tries a cloud against its back end; `MemoryCloud` is a cloud in a dictionary.
"""

from gennaker.bus.memory import MemoryTransport as MemoryBus
from gennaker.core.testing.clock import Clock
from gennaker.core.testing.clouds import check_cloud
from gennaker.core.testing.conformance import Finding, check_module, check_stage
from gennaker.core.testing.memory_cloud import MemoryCloud
from gennaker.core.testing.rig import Rig
from gennaker.core.testing.trouble import Trouble
from gennaker.core.testing.web import FakeHttp, WebAnswer

__all__ = [
    "Clock",
    "FakeHttp",
    "Finding",
    "MemoryBus",
    "MemoryCloud",
    "Rig",
    "Trouble",
    "WebAnswer",
    "check_cloud",
    "check_module",
    "check_stage",
]
