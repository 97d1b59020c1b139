"""The pipelines in examples/deploy, run in the in-memory cloud by changing their `cloudProvider`."""

import json
from pathlib import Path
from typing import Any

import pytest
from clusters import Ground

from gennaker.core.check import check_pipeline
from gennaker.core.outbound import Outbound
from gennaker.plugins.deploy.settings import Monitor

FOLDER = Path(__file__).parents[3] / "examples" / "deploy"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
PLACES = {'"cloudProvider": "local"': '"cloudProvider": "memory"', '"local"': '"prod"'}
ENDS: dict[str, dict[str, str]] = {
    "redblack": {"shop-web-v000": "off 2", "shop-web-v001": "on 2"},
    "rolling-redblack": {"shop-web-v000": "off 2", "shop-web-v001": "on 2"},
    "highlander": {"shop-web-v001": "on 2"},
    "monitored": {"shop-web-v000": "off 2", "shop-web-v001": "on 2"},
    "promote": {"shop-test-v000": "on 1", "shop-web-v000": "off 2", "shop-web-v001": "on 2"},
    "clean-up": {"shop-web-v000": "on 2"},
}


def read(name: str) -> dict[str, Any]:
    text = FILES[name].read_text()
    for old, new in PLACES.items():
        text = text.replace(old, new)
    return dict(json.loads(text))


@pytest.mark.parametrize("name", FILES)
def test_an_example_is_a_pipeline(name: str) -> None:
    assert check_pipeline(read(name)) == ((), ())


@pytest.mark.parametrize("name", ENDS)
def test_an_example_runs(name: str, site: Any) -> None:
    for path in ("starting", "evaluateHealth", "completed"):
        site.answer(f"/deployment/{path}", body={"nextStep": {"directive": "CONTINUE"}})
    monitors = (Monitor(id="judge", base_url=site.url),)
    ground = Ground(monitors=monitors, http=Outbound(("127.0.0.0/8",)))
    ground.cloud.add_image("shop-1.0")
    ground.cloud.add_group("shop-web-v000", 2)
    if name == "promote":
        ground.cloud.add_group("shop-test-v000", 1, image="shop-1.0")
    ended = ground.rig.run(read(name), parameters={"image": "shop-1.0"})
    assert ended.status.value == "SUCCEEDED", ground.error()
    assert ground.present() == ENDS[name]


def test_the_rollback_runs() -> None:
    ground = Ground()
    ground.cloud.add_group("shop-web-v000", 2, disabled=True)
    ground.cloud.add_group("shop-web-v001", 2)
    assert ground.rig.run(read("rollback")).status.value == "SUCCEEDED", ground.error()
    assert ground.present() == {"shop-web-v000": "on 2", "shop-web-v001": "off 2"}
