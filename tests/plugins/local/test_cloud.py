"""Operations: what is refused and why, what a repeat does, and what becomes of instances and their supervisor."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs import free_port, make_image, until

from gennaker.core.cloud.health import state_of, up_count
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.provider import ImageQuery, Operation
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.processes.detached import identify
from gennaker.plugins.local.cloud import LocalCloud

Json = dict[str, Any]
ONE = {"min": 1, "max": 1, "desired": 1}


@pytest.fixture
def cloud(make_cloud: Callable[[], LocalCloud], home: Path) -> LocalCloud:
    make_image(home / "local" / "images", "v1", environment={"COLOUR": "red"})
    return make_cloud()


@pytest.fixture
def unstarted(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> LocalCloud:
    """The cloud without a supervisor: what is wanted is written down, and nothing happens."""
    monkeypatch.setattr("gennaker.plugins.local.region.Folder.supervise", lambda _: None)
    return cloud


def wanted(**more: object) -> Json:
    place = {"account": "local", "region": "here", "application": "shop", "imageId": "v1", "capacity": ONE}
    return {**place, **more}


def find(cloud: LocalCloud, name: str) -> ServerGroup:
    group = cloud.server_group("local", "here", name)
    assert group is not None
    return group


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"account": "prod"}, "account: 'prod' is no account of local; expected one of local"),
        ({"region": "moon"}, "region: 'moon' is no region of local; expected one of here"),
        ({"imageId": "nothing"}, "imageId: there is no image 'nothing'"),
        ({"imageId": ""}, "imageId: is missing"),
        ({"loadBalancers": ["none"]}, "loadBalancers: there is no load balancer 'none' in local/here"),
        ({"capacity": {**ONE, "desired": 2}}, "capacity: min 1, desired 2, max 1 was given"),
        ({"capacity": {**ONE, "max": "many"}}, "capacity.max: 'many' was given; expected a number"),
        ({"application": "a/b"}, "application: 'a/b' cannot be part of a name"),
        ({"environment": {"LD_PRELOAD": "/tmp/x.so"}}, "environment: image v1 does not take 'LD_PRELOAD'"),
        ({"environment": {"A=B": "1"}}, "environment: 'A=B' is no name of an environment variable"),
    ],
)
def test_a_wish_that_cannot_be_met_names_the_field(
    unstarted: LocalCloud, operation: Callable[..., Operation], more: Json, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words.replace("(", r"\(")):
        unstarted.create(wanted(**more), operation("k"))
    assert unstarted.server_groups("local", "here") == []


def test_names_go_on_and_keys_find_again(unstarted: LocalCloud, operation: Callable[..., Operation]) -> None:
    names = [unstarted.create(wanted(), operation(key)) for key in ("a", "b", "a", "b")]
    assert names == ["shop-v000", "shop-v001", "shop-v000", "shop-v001"]
    assert unstarted.create(wanted(stack="test"), operation("c")) == "shop-test-v000"
    assert [one.name for one in unstarted.server_groups("local", "here", "shop")] == [
        "shop-test-v000",
        "shop-v000",
        "shop-v001",
    ]
    assert unstarted.server_groups("local", "here", "sho") == []


def test_plan_tells_what_would_be_made(unstarted: LocalCloud, operation: Callable[..., Operation]) -> None:
    unstarted.create(wanted(), operation("a"))
    assert unstarted.plan(wanted()) == ["creates shop-v001 in local/here with 1 processes of image v1"]


def test_saving_warns_of_what_is_wrong_and_leaves_expressions_alone(unstarted: LocalCloud) -> None:
    assert unstarted.check(wanted(environment={"${ name }": "x"}, stack="${ parameters.stack }")) == []
    assert unstarted.check({"capacity": {"min": 3, "max": 1, "desired": 2}})[0].startswith("capacity: min 3")


def test_a_change_of_what_is_gone_says_so(unstarted: LocalCloud, operation: Callable[..., Operation]) -> None:
    group = find(unstarted, unstarted.create(wanted(), operation("a")))
    with pytest.raises(NotFound, match="local/here/shop-v009"):
        unstarted.disable(ServerGroup(**{**json_of(group), "name": "shop-v009"}), operation("d"))


def json_of(group: ServerGroup) -> Json:
    return {name: getattr(group, name) for name in group.__struct_fields__}


@pytest.mark.parametrize(
    ("percentages", "serving"),
    [([("disable", 100)], 0.0), ([("disable", 34)], 50.0), ([("disable", 100), ("enable", 10)], 25.0)],
)
def test_percentages_count_whole_instances(
    unstarted: LocalCloud,
    operation: Callable[..., Operation],
    percentages: list[tuple[str, int]],
    serving: float,
    home: Path,
) -> None:
    group = find(unstarted, unstarted.create(wanted(capacity={"min": 4, "max": 4, "desired": 4}), operation("a")))
    for change, percentage in percentages * 2:
        getattr(unstarted, change)(group, operation(change), percentage)
    told = json.loads((home / "local/local/here/groups/shop-v000.json").read_text())
    assert told["traffic"] == serving


def test_load_balancers_are_refused_with_the_reason(unstarted: LocalCloud, operation: Callable[..., Operation]) -> None:
    port = free_port()
    upsert = unstarted.upsert_load_balancer
    upsert("local", "here", {"name": "shop", "port": port}, operation("a"))
    with pytest.raises(InvalidRequest, match=f"port: port {port} is that of load balancer shop"):
        upsert("local", "here", {"name": "other", "port": port}, operation("b"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InvalidRequest, match="nothing can listen at"):
        upsert("local", "here", {"name": "other", "port": taken.getsockname()[1]}, operation("c"))
    with pytest.raises(InvalidRequest, match="port: None was given; expected the port"):
        upsert("local", "here", {"name": "other"}, operation("d"))
    with pytest.raises(InvalidRequest, match="name: 'a/b' was given"):
        upsert("local", "here", {"name": "a/b", "port": port}, operation("e"))
    unstarted.create(wanted(loadBalancers=["shop"]), operation("f"))
    with pytest.raises(InvalidRequest, match="is used by shop-v000; destroy them first"):
        unstarted.delete_load_balancer("local", "here", "shop", operation("g"))


def test_tags_choose_images(cloud: LocalCloud, operation: Callable[..., Operation]) -> None:
    [image] = cloud.tag_images("local", "here", ["v1"], {"stage": "prod"}, operation("t"))
    assert cloud.images("local", "here", ImageQuery(tags={"stage": "prod"})) == [image]


def test_a_group_lives_and_dies_with_its_supervisor(
    cloud: LocalCloud, operation: Callable[..., Operation], home: Path
) -> None:
    name = cloud.create(
        wanted(capacity={"min": 0, "max": 2, "desired": 2}, environment={"COLOUR": "blue"}), operation("a")
    )
    until(lambda: up_count(find(cloud, name)) == 2)
    first, second = find(cloud, name).instances
    told = Path(f"/proc/{first.extra['pid']}/environ").read_bytes().split(b"\0")
    assert {b"COLOUR=blue", f"PORT={first.extra['port']}".encode()} <= set(told)
    for again in (False, True):
        cloud.terminate("local", "here", [first.id], operation("t", again=again), shrink=True)
    until(lambda: [one.id for one in find(cloud, name).instances] == [second.id])
    assert find(cloud, name).capacity.desired == 1
    os.kill(second.extra["pid"], signal.SIGKILL)
    until(lambda: up_count(find(cloud, name)) == 1 and find(cloud, name).instances[0].id != second.id)
    third = find(cloud, name).instances[0]
    cloud.give_up()
    until(lambda: identify(third.extra["pid"]) is None)
    assert not (home / "local/local/here/seen.json").exists()


def test_an_image_that_ends_at_once_tells_its_last_words(
    cloud: LocalCloud, operation: Callable[..., Operation], home: Path
) -> None:
    make_image(home / "local" / "images", "broken", code="raise SystemExit('no database here')")
    name = cloud.create(wanted(imageId="broken"), operation("a"))
    until(lambda: "no database here" in find(cloud, name).extra.get("problem", ""))
    assert up_count(find(cloud, name)) == 0
    make_image(home / "local" / "images", "missing", command=["./no-such-program"])
    name = cloud.create(wanted(imageId="missing"), operation("b"))
    until(lambda: "no-such-program" in find(cloud, name).extra.get("problem", ""))


def test_an_image_that_is_never_healthy_stays_starting(
    cloud: LocalCloud, operation: Callable[..., Operation], home: Path
) -> None:
    code = "import socket, os\ns = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\nwhile True:\n    s.accept()[0].close()"
    make_image(home / "local" / "images", "mute", code=code, command=[sys.executable, "app.py"])
    name = cloud.create(wanted(imageId="mute"), operation("a"))
    until(lambda: len(find(cloud, name).instances) == 1)
    assert [state_of(one) for one in find(cloud, name).instances] == ["Starting"]
    cloud.destroy(find(cloud, name), operation("d"))
    until(lambda: cloud.server_group("local", "here", name) is None)


def test_what_an_instance_writes_is_shown(cloud: LocalCloud, home: Path, operation: Callable[..., Operation]) -> None:
    make_image(home / "local" / "images", "chatty", "print('hello', flush=True)\nimport time; time.sleep(60)\n")
    name = cloud.create(wanted(imageId="chatty"), operation("chatty"))
    until(lambda: bool(find(cloud, name).instances), what="it has an instance")
    one = find(cloud, name).instances[0]
    until(lambda: cloud.console("local", "here", one.id) == "hello", what="it says hello")
    assert cloud.console("local", "here", "nobody") == ""
