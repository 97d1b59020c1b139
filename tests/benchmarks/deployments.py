"""How long a strategy takes beside what its cloud needs for itself.

Separate because it needs a cloud that is known to take a certain time: one in memory, by the wall's clock.
"""

import threading
import time
from pathlib import Path
from typing import Any

import ground
from msgspec import Struct

from gennaker.config.load import load
from gennaker.core.plugins import load as load_plugins
from gennaker.core.runtime.runtime import Runtime

#: Seconds until a new instance is up.
BOOT_S = 2.0
#: Strategy to its options, and how often it waits for new instances.
STRATEGIES: dict[str, tuple[dict[str, Any], int]] = {
    "red/black": ({"strategy": "redblack"}, 1),
    "rolling red/black in two steps": ({"strategy": "rollingredblack", "targetPercentages": [50, 100]}, 2),
}
_PLUGIN = """\
import time
from gennaker.core.hookspecs import hookimpl
from gennaker.core.testing.memory_cloud import MemoryCloud

@hookimpl
def gennaker_clouds(settings, home):
    cloud = MemoryCloud(lambda: time.time_ns() // 1_000_000, boot_s=BOOT, leave_s=0.0)
    cloud.poll_s = 2.0
    cloud.add_image("v2")
    return [cloud]
"""


class Measured(Struct, frozen=True):
    """Seconds of a deployment with each strategy, and of those what the cloud took."""

    whole: dict[str, float]
    cloud: dict[str, float]


def measure(boot_s: float) -> Measured:
    """Deploy once with each strategy, by a daemon on the embedded default."""
    with ground.folder() as home:
        (home / "plugins.d").mkdir()
        (home / "plugins.d" / "memory.py").write_text(_PLUGIN.replace("BOOT", str(boot_s)))
        whole = {name: _deploy(home, number, options) for number, (name, (options, _)) in enumerate(STRATEGIES.items())}
    return Measured(whole, {name: boot_s * waits for name, (_, waits) in STRATEGIES.items()})


def _deploy(home: Path, number: int, options: dict[str, Any]) -> float:
    folder = home / str(number)
    folder.mkdir()
    (folder / "plugins.d").symlink_to(home / "plugins.d")
    settings = load(None, home=folder, environ={})
    runtime = Runtime(settings, load_plugins(settings))
    runtime.plugins.clouds["memory"].add_group("shop-web-v000", 4)  # type: ignore[attr-defined]
    runtime.start()
    ended = threading.Event()
    listening = runtime.transport.listen(("execution.finished",), lambda _: ended.set())
    try:
        runtime.wait_ready(30.0)
        began = time.perf_counter()
        id_ = runtime.services.control.start(_pipeline(options), {}, user="bench")
        ended.wait(60.0)
        took = time.perf_counter() - began
        status = runtime.services.executions.get(id_).status
    finally:
        listening.stop()
        runtime.drain()
    if status != "SUCCEEDED":
        raise RuntimeError(f"the deployment ended {status}")
    return took


def _pipeline(options: dict[str, Any]) -> dict[str, Any]:
    stage = {
        "refId": "1",
        "requisiteStageRefIds": [],
        "type": "createServerGroup",
        "cloudProvider": "memory",
        "account": "prod",
        "region": "here",
        "stack": "web",
        "imageId": "v2",
        "capacity": {"min": 4, "max": 4, "desired": 4},
        **options,
    }
    return {"application": "shop", "name": "release", "stages": [stage]}
