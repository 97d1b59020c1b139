"""The pipelines in examples/deploy on the cloud `local`, one after another as a person would try them, through a real daemon."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daemons import ROOT
from programs import free_port, make_image
from sites import Site

from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings

FOLDER = ROOT / "examples" / "deploy"
#: Example to the server groups after it: the images that have traffic, and how many have none.
STORY: list[tuple[str, list[str], int]] = [
    ("redblack", ["shop-1.0"], 0),
    ("redblack", ["shop-1.0"], 1),
    ("rolling-redblack", ["shop-1.0"], 2),
    ("monitored", ["shop-1.0"], 3),
    ("rollback", ["shop-1.0"], 3),
    ("clean-up", ["shop-1.0"], 1),
    ("highlander", ["shop-1.0"], 0),
]

pytestmark = pytest.mark.timeout(280)


def test_the_examples_run_one_after_another(new_daemon: Callable[..., Any]) -> None:
    site = Site()
    for path in ("starting", "evaluateHealth", "completed"):
        site.answer(f"/deployment/{path}", body={"nextStep": {"directive": "CONTINUE"}})
    monitors = f"  deploy: {{monitors: [{{id: judge, baseUrl: '{site.url}'}}]}}\n"
    daemon = new_daemon(f"plugins:\n{monitors}outbound: {{allow: [127.0.0.0/8]}}\n")
    make_image(Path(daemon.home) / "local" / "images", "shop-1.0")
    cloud = LocalCloud(Settings(), Path(daemon.home))
    try:
        daemon.start()
        balancer = {"type": "upsertLoadBalancer", "cloudProvider": "local", "credentials": "local", "region": "here"}
        stage = {**balancer, "refId": "1", "name": "Load balancer", "loadBalancerName": "shop-web", "port": free_port()}
        assert ended(daemon, {"application": "shop", "name": "balancer", "stages": [stage]}) == "SUCCEEDED"
        for name, serving, idle in STORY:
            whole = json.loads((FOLDER / f"{name}.json").read_text())
            assert ended(daemon, whole) == "SUCCEEDED", name
            groups = cloud.server_groups("local", "here", "shop")
            assert [one.image.name for one in groups if one.image and not one.disabled] == serving, name
            assert sum(one.disabled for one in groups) == idle, name
    finally:
        cloud.give_up()
        site.close()


def ended(daemon: Any, whole: dict[str, Any]) -> str:
    """Save a pipeline unless it is there, and run it with its defaults; how it ended."""
    if daemon.http.get(f"/applications/shop/pipelineConfigs/{whole['name']}").status_code == 404:
        daemon.save(whole)
    execution = daemon.ended(daemon.run("shop", whole["name"]))
    return str(execution["status"]) if execution["status"] == "SUCCEEDED" else json.dumps(execution["stages"], indent=1)
