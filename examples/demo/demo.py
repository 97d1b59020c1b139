"""Deployments under load on this machine, without any account: `demo.py [--rate 200] [--seconds 3]`.

A daemon in a temporary home bakes version v1 of a tiny web application with Packer and deploys it, then v2 with the strategy red/black, then
a version that never gets healthy, which is taken back. A load generator asks all the time; the exit code is 1 when a request was lost or an
outcome is wrong. Without Packer the images are put where bakes would put them.
"""

import argparse
import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings

HERE = Path(__file__).parent
APPLICATION = "demo"
PATIENCE_S = 180.0
#: How long the version that never gets healthy is waited for.
SHORT_S = 10.0
INSTANCES = 3
#: Version to whether it gets healthy.
VERSIONS = {"v1": "yes", "v2": "yes", "bad": "no"}
SETTINGS = """\
plugins:
  local:
    check_seconds: 0.5
    drain_seconds: 10
    stop_seconds: 3
"""
Json = dict[str, Any]


def main() -> int:
    """Run the demo, and leave nothing behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=200, help="requests a second")
    options.add_argument("--seconds", type=float, default=3.0, help="pause between two deployments")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts it behind its back has it ignored
    home = Path(tempfile.mkdtemp(prefix="gennaker-demo-"))
    try:
        with contextlib.ExitStack() as stack:
            stack.callback(end_all, home)
            return Demo(home, stack).run(given.rate, given.seconds)
    except KeyboardInterrupt:
        print("Interrupted; everything is ended.")
        return 130
    finally:
        shutil.rmtree(home, ignore_errors=True)


def files(version: str) -> dict[str, str]:
    """What an image of a version holds."""
    about = {
        "name": version,
        "command": [sys.executable, "app.py"],
        "health": {"path": "/health"},
        "environment": {"VERSION": version, "HEALTHY": VERSIONS[version]},
    }
    return {"image.json": json.dumps(about, indent=2), "app.py": (HERE / "app.py").read_text()}


def end_all(home: Path) -> None:
    """End the server groups and the load balancer, however far things went."""
    for _ in range(3):  # a supervisor that is only just starting is not seen at once
        LocalCloud(Settings(), home).give_up()
        time.sleep(1.0)


class Demo:
    """The daemon, the load and what happened."""

    def __init__(self, home: Path, stack: contextlib.ExitStack) -> None:
        self._home = home
        self._stack = stack
        self._port = free_port()
        self._began = time.monotonic()
        self._timeline: list[str] = []
        self._wrong: list[str] = []
        self._http = stack.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{free_port()}", timeout=30, trust_env=False)
        )

    def run(self, rate: int, pause: float) -> int:
        """Deploy three versions under load; 1 when anything was lost or wrong."""
        self._bakes = shutil.which("packer") is not None
        if not self._bakes:
            self._note("there is no Packer here: the images are made by hand")
            for version in VERSIONS:
                self._make_image(version)
        self._start_daemon()
        self._note(f"the daemon is up at {self._http.base_url}, traffic goes to http://127.0.0.1:{self._port}/")
        self._expect("v1", "SUCCEEDED")
        load = self._start_load(rate)
        time.sleep(pause)
        self._expect("v2", "SUCCEEDED")
        time.sleep(pause)
        self._expect("bad", "TERMINAL")
        time.sleep(pause)
        self._look()
        total = self._end_load(load)
        print("\nWhat happened:")
        print("\n".join(self._timeline))
        print(
            f"\n{total['total']} requests answered {total['versions']}, dropped: {total['lost']} {total['how'] or ''}"
        )
        if not total["total"] or set(total["versions"]) != {"v1", "v2"}:
            self._wrong.append(f"expected answers of v1 and v2 only, found {total['versions']}")
        for problem in self._wrong:
            print(f"WRONG: {problem}")
        return 1 if self._wrong or total["lost"] else 0

    def _make_image(self, version: str) -> None:
        folder = self._home / "local" / "images" / version
        folder.mkdir(parents=True)
        for name, content in files(version).items():
            (folder / name).write_text(content)

    def _start_daemon(self) -> None:
        (self._home / "gennaker.yaml").write_text(SETTINGS)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GENNAKER_")}
        port = str(self._http.base_url.port)
        environment = {**plain, "GENNAKER_HOME": str(self._home), "GENNAKER_SERVER__PORT": port}
        log = self._stack.enter_context((self._home / "daemon.log").open("wb"))
        program = Path(sys.executable).with_name("gennaker")
        process = subprocess.Popen(
            [str(program), "up"], env=environment, stdout=log, stderr=log, cwd=self._home, start_new_session=True
        )
        self._stack.callback(end, process)
        until = time.monotonic() + PATIENCE_S
        while not self._is_up():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the daemon did not start:\n{(self._home / 'daemon.log').read_text()[-3000:]}")
            time.sleep(0.1)

    def _is_up(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self._http.get("/health").status_code == 200
        return False

    def _expect(self, version: str, status: str) -> None:
        """Deploy a version, and wait for the outcome."""
        self._note(f"deploy {version}")
        pipeline = self._pipeline(version, SHORT_S if version == "bad" else PATIENCE_S)
        self._ask("POST", "/pipelines", json=pipeline)
        ref = self._ask("POST", f"/pipelines/{APPLICATION}/{pipeline['name']}", json={}).json()["ref"]
        until = time.monotonic() + 2 * PATIENCE_S
        while (execution := self._ask("GET", ref).json())["status"] in ("RUNNING", "NOT_STARTED"):
            if time.monotonic() > until:
                break
            time.sleep(0.2)
        self._tell(execution)
        self._note(f"deployment of {version} ended: {execution['status']}")
        if execution["status"] != status:
            self._wrong.append(f"the deployment of {version} ended {execution['status']}, expected {status}")

    def _pipeline(self, version: str, seconds: float) -> Json:
        place = {"cloudProvider": "local", "credentials": "local", "account": "local", "region": "here"}
        balancer = {
            "refId": "1",
            "type": "upsertLoadBalancer",
            "name": "Load balancer",
            "loadBalancerName": APPLICATION,
            "port": self._port,
            **place,
        }
        deployment = {
            "refId": "2",
            "requisiteStageRefIds": ["1"],
            "type": "createServerGroup",
            "name": f"Deploy {version}",
            "application": APPLICATION,
            "imageId": "${#stage('Bake').outputs.deploymentDetails[0].imageId}" if self._bakes else version,
            "capacity": {"min": INSTANCES, "max": INSTANCES, "desired": INSTANCES},
            "loadBalancers": [APPLICATION],
            "strategy": "redblack",
            "rollback": {"onFailure": True, "destroyLatest": True},
            "stageTimeoutMs": int(seconds * 1000),
            **place,
        }
        stages = [balancer, deployment]
        if self._bakes:
            bake = {
                "refId": "0",
                "type": "bake",
                "name": "Bake",
                "cloudProviderType": "local",
                "region": "here",
                "amiName": version,
                "packageArtifacts": [
                    {"type": "embedded/base64", "name": name, "reference": base64.b64encode(content.encode()).decode()}
                    for name, content in files(version).items()
                ],
            }
            balancer["requisiteStageRefIds"] = ["0"]
            stages.insert(0, bake)
        return {"application": APPLICATION, "name": f"Deploy {version}", "stages": stages}

    def _tell(self, execution: Json) -> None:
        """Note the stages with their times."""
        for stage in sorted(execution["stages"], key=lambda one: one.get("startTime") or 0):
            if stage.get("startTime"):
                took = ((stage.get("endTime") or stage["startTime"]) - stage["startTime"]) / 1000
                self._timeline.append(f"          {stage['name']}: {stage['status']} after {took:.1f} s")
            for error in stage["context"].get("exception", {}).get("details", {}).get("errors", ()):
                self._timeline.append(f"            {error}")

    def _look(self) -> None:
        """What is there in the end: v2 with all its instances, v1 without traffic, nothing of the version that is bad."""
        groups = LocalCloud(Settings(), self._home).server_groups("local", "here")
        for group in groups:
            state = "disabled" if group.disabled else "enabled"
            self._note(
                f"{group.name}: image {group.image.id if group.image else '?'}, {len(group.instances)} instances, {state}"
            )
        found = {
            group.image.name.partition("-")[0]: group.disabled
            for group in groups
            if group.image and group.extra.get("status") != "Deleting"
        }
        if found != {"v1": True, "v2": False}:
            self._wrong.append(f"expected v1 disabled and v2 enabled, found disabled={found}")

    def _start_load(self, rate: int) -> "subprocess.Popen[str]":
        argv = [sys.executable, str(HERE / "load.py"), str(self._port), "--rate", str(rate)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._stack.callback(end, process)
        self._note(f"{rate} requests a second from now on")
        self._last: Json = {}
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        return process

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._last = json.loads(line)
            if "answered" in self._last:
                print(
                    f"    {self._last['answered']:5} answered, {self._last['lost']} dropped  {self._last['versions']}",
                    flush=True,
                )

    def _end_load(self, process: "subprocess.Popen[str]") -> Json:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        self._reader.join(timeout=60)
        return self._last

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = self._http.request(method, path, **more)
        if answer.status_code >= 300:
            raise SystemExit(f"{method} {path} answered {answer.status_code}: {answer.text[:2000]}")
        return answer

    def _note(self, text: str) -> None:
        line = f"{time.monotonic() - self._began:7.1f} s  {text}"
        print(line, flush=True)
        self._timeline.append(line)


def end(process: "subprocess.Popen[Any]") -> None:
    """End a program of ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
