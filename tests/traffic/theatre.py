"""A daemon with the cloud `local`, an application behind a load balancer, and people who ask all the time."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daemons import Daemon
from programs import LOAD, free_port, make_image, until
from traffic import faulty
from traffic.timeline import Timeline, Watch, answers

from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings

Json = dict[str, Any]
RATE = 200
#: How many instances the application is promised at each moment.
PROMISED = 2
SECTION = """\
plugins:
  local: {enabled: false}
  faulty: {balancer: BALANCER, check_seconds: 0.3, drain_seconds: 5, stop_seconds: 2}
"""
WHERE = {"cloudProvider": "local", "account": "local", "credentials": "local", "region": "here"}
SICK = """
import time
time.sleep(3600)
"""


class Theatre:
    """The application `shop` with cluster `shop-web`."""

    def __init__(self, home: Path, balancer: str, settings: str = "") -> None:
        self.home = home
        self.port = free_port()
        (home / "plugins.d").mkdir(parents=True)
        (home / "plugins.d" / "faulty.py").write_text(Path(str(faulty.__file__)).read_text())
        self.orders = home / "orders"
        self.region = home / "local" / "local" / "here"
        for name in ("v1", "v2"):
            make_image(home / "local" / "images", name)
        make_image(home / "local" / "images", "sick", SICK)
        self.daemon = Daemon(home, SECTION.replace("BALANCER", balancer) + settings)
        self.daemon.start()
        self.task(type="upsertLoadBalancer", name="shop", port=self.port)

    def close(self) -> None:
        """End all that runs."""
        self.daemon.close()
        LocalCloud(Settings(), self.home).give_up()

    def deploy(self, image: str, **strategy: Any) -> Json:
        """Run a pipeline that deploys an image to the cluster; the execution when it has ended."""
        return self.daemon.ended(self.begin(image, **strategy))

    def begin(self, image: str, **strategy: Any) -> str:
        """Start that pipeline; the id of the execution."""
        cluster = {
            **WHERE,
            "application": "shop",
            "stack": "web",
            "loadBalancers": ["shop"],
            "imageId": image,
            "capacity": {"min": PROMISED, "max": PROMISED, "desired": PROMISED},
            **strategy,
        }
        stage = {"type": "deploy", "refId": "1", "name": "Deploy", "clusters": [cluster]}
        if image == "sick":
            stage["stageTimeoutMs"] = 3000
        self.daemon.save({"application": "shop", "name": "release", "id": "release", "stages": [stage]})
        return self.daemon.run("shop", "release")

    def task(self, **job: Any) -> None:
        """Run one stage as a task, and wait for its good end."""
        body = {"application": "shop", "description": str(job["type"]), "job": [{**WHERE, **job}]}
        answer = self.daemon.http.post("/tasks", json=body)
        assert answer.status_code == 200, answer.text
        ref = answer.json()["ref"]
        until(lambda: self.daemon.http.get(ref).json()["status"] not in ("NOT_STARTED", "RUNNING"), 60, str(job))
        ended = self.daemon.http.get(ref).json()
        assert ended["status"] == "SUCCEEDED", ended

    @property
    def groups(self) -> dict[str, str]:
        """The server groups: `on` or `off` and how many instances are wanted."""
        found = LocalCloud(Settings(), self.home).server_groups("local", "here", "shop")
        return {one.name: f"{'off' if one.disabled else 'on'} {one.capacity.desired}" for one in found}

    def images(self) -> dict[str, str]:
        """The server groups that have traffic, and their images."""
        found = LocalCloud(Settings(), self.home).server_groups("local", "here", "shop")
        return {one.name: one.image.id for one in found if one.image and not one.disabled}

    def operations(self) -> int:
        """How many operations were performed so far."""
        done = self.orders / "done"
        return len(done.read_text().splitlines()) if done.exists() else 0

    def refuse(self, number: int) -> None:
        """Let one of the next operations fail; 1 is the next one."""
        (self.orders / "fail").write_text(str(number))

    @property
    def refusing(self) -> bool:
        """It did not come to that yet."""
        return (self.orders / "fail").exists()

    def roll_back(self) -> None:
        """As people do it from a terminal."""
        done = self.daemon("rollback", "shop", "shop-web", "--account", "local", "--region", "here", "--cloud", "local")
        assert done.code == 0, done.err

    def tidy(self) -> None:
        """Remove the server groups that have no traffic."""
        for name, state in self.groups.items():
            if state.startswith("off"):
                self.task(type="destroyServerGroup", serverGroupName=name)

    def strangers(self) -> list[str]:
        """Instances that run below the home and belong to no server group."""
        known = {str(one.process.pid) for one in self._seen() if one.process}
        found = []
        for about in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                inside = (about / "cwd").readlink().is_relative_to(self.home / "local" / "images")
                if inside and about.name not in known:
                    found.append((about / "cmdline").read_text())
        return found

    def _seen(self) -> list[Any]:
        from gennaker.plugins.local.region import Folder

        return Folder(self.region).seen().instances


class Show:
    """What was seen; complete when the load has ended."""

    timeline: Timeline
    #: The load's last words: `{total, lost, connections, …}`.
    told: Json

    def check(self) -> str:
        """Nothing was lost, and never were there fewer instances than promised; the chart."""
        chart = self.timeline.draw()
        assert len(self.timeline.answers) > RATE, chart
        assert self.timeline.lost == 0, chart
        assert self.timeline.fewest_serving >= PROMISED, chart
        assert self.timeline.fewest_answering >= PROMISED, chart
        return chart


@contextlib.contextmanager
def audience(theatre: Theatre, *options: str) -> Iterator[Show]:
    """People ask all the time, and somebody watches; `options` are those of the load."""
    log = theatre.home / "answers"
    load = subprocess.Popen(
        [sys.executable, str(LOAD), str(theatre.port), "--rate", str(RATE), "--log", str(log), *options],
        stdout=subprocess.PIPE,
    )
    watch = Watch(theatre.region)
    show = Show()
    try:
        assert load.stdout is not None
        load.stdout.readline()
        yield show
        time.sleep(0.5)
    finally:
        load.send_signal(signal.SIGTERM)
        out, _ = load.communicate(timeout=60)
        watch.stop()
    show.told = json.loads(out.splitlines()[-1])
    show.timeline = Timeline(answers(log), watch.moments)
