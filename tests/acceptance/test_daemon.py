"""The daemon lives and dies as an operator needs it to."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples" / "pipelines"
New = Callable[..., Any]


def example(name: str) -> dict[str, Any]:
    return dict(json.loads((EXAMPLES / f"{name}.json").read_text()))


def test_killed_in_the_middle_it_finishes_everything_after_a_new_start(new_daemon: New) -> None:
    daemon = new_daemon().start()
    for name in ("hello", "child-pipeline", "parallel-branches", "manual-judgment"):
        daemon.save(example(name))
    parent = daemon.run("example", "child-pipeline", parameters={"seconds": "2"})
    branches = [daemon.run("example", "parallel-branches") for _ in range(3)]
    asking = daemon.run("example", "manual-judgment")
    daemon.asked(asking)
    daemon.kill()
    daemon.start()
    assert daemon("execution", "judge", asking, "continue").code == 0
    for id_ in (parent, *branches, asking):
        ended = daemon.ended(id_)
        assert ended["status"] == "SUCCEEDED", json.dumps(ended, indent=1)
    found = daemon.http.get("/applications/example/executions/search", params={"size": 100}).json()
    assert len(found) == 7, "the parent, its two children, three runs of branches and the judgment, each once"
    assert daemon.stop() == 0


def test_what_was_accepted_right_before_a_kill_is_not_lost(new_daemon: New) -> None:
    daemon = new_daemon().start()
    daemon.save(example("hello"))
    id_ = daemon.run("example", "hello", parameters={"seconds": "0"})
    daemon.kill()
    assert daemon.start().ended(id_)["status"] == "SUCCEEDED"


def test_a_stop_in_the_middle_is_quick_and_loses_nothing(new_daemon: New) -> None:
    daemon = new_daemon().start()
    daemon.save(example("hello"))
    id_ = daemon.run("example", "hello", parameters={"seconds": "3"})
    daemon.until(id_, lambda state: state["status"] == "RUNNING")
    assert daemon.stop() == 0
    assert daemon.start().ended(id_)["status"] == "SUCCEEDED"


def test_watching_goes_on_while_the_daemon_is_killed_and_started(new_daemon: New) -> None:
    daemon = new_daemon().start()
    daemon.save(example("hello"))
    id_ = daemon.run("example", "hello", parameters={"seconds": "6"})
    daemon.until(id_, lambda state: state["status"] == "RUNNING")
    with daemon.running("execution", "watch", id_, "--timeout", "60") as watcher:
        assert "RUNNING" in watcher.stdout.readline()
        daemon.kill()
        daemon.start()
        said, errors = watcher.communicate(timeout=120)
    assert watcher.returncode == 0, errors
    assert f"{id_}: SUCCEEDED" in said


def test_sighup_takes_a_new_configuration_and_refuses_a_wrong_one(new_daemon: New) -> None:
    daemon = new_daemon(WEBHOOKS.format("[]")).start()
    daemon.save(example("webhook"))

    def refused() -> bool:
        ended = daemon.ended(daemon.run("example", "webhook", parameters={"url": f"{daemon.url}/health"}))
        return bool(ended["stages"][0]["status"] == "FAILED_CONTINUE")

    assert refused()
    daemon.configure("outbound:\n  alow: []\n")
    daemon.signal(signal.SIGHUP)
    daemon.logged("outbound.alow")
    assert refused(), "the old configuration stays"
    daemon.configure(WEBHOOKS.format("[127.0.0.0/8]"))
    daemon.signal(signal.SIGHUP)
    daemon.logged("The configuration was read again.")
    daemon.ready()
    assert not refused()
    assert daemon.stop() == 0


def test_open_to_the_network_without_authentication_it_refuses_to_start(new_daemon: New) -> None:
    daemon = new_daemon("server:\n  host: 0.0.0.0\n")
    assert daemon.launch().wait(timeout=60) != 0
    log = daemon.log.read_text()
    assert "Traceback" not in log
    assert "server.tokens" in log or "server.host" in log


def test_a_wrong_configuration_is_refused_with_file_and_line(new_daemon: New) -> None:
    daemon = new_daemon("server:\n  prt: 1\n")
    assert daemon.launch().wait(timeout=60) == 2
    assert "gennaker.yaml:2: server.prt" in daemon.log.read_text()


def test_a_second_engine_on_the_same_file_is_refused(new_daemon: New) -> None:
    first = new_daemon().start()
    second = new_daemon(f"database:\n  url: sqlite:///{first.home}/gennaker.db\n")
    assert second.launch().wait(timeout=60) != 0
    log = second.log.read_text()
    assert "Traceback" not in log
    assert "one engine" in log


WEBHOOKS = "outbound:\n  allow: {}\n"
TOKENS = """
server:
  tokens:
    - {name: reader, token: "secret:env:READ_TOKEN", scopes: [read]}
    - {name: boss, token: "secret:env:BOSS_TOKEN", scopes: [read, run, admin]}
"""


def test_with_tokens_each_caller_may_do_what_the_scopes_say(new_daemon: New) -> None:
    daemon = new_daemon(TOKENS, READ_TOKEN="reader-token", BOSS_TOKEN="boss-token").start()
    hello = str(EXAMPLES / "hello.json")
    nobody = daemon("pipeline", "save", hello)
    assert nobody.code == 4
    assert "--token" in nobody.err
    assert daemon("pipeline", "save", hello, GENNAKER_TOKEN="reader-token").code == 4
    assert daemon("pipeline", "save", hello, GENNAKER_TOKEN="boss-token").code == 0
    assert daemon("pipeline", "list", "--token", "reader-token").code == 0
    run = daemon("pipeline", "run", "example", "hello", "--wait", "-o", "json", "--token", "boss-token")
    assert run.code == 0, run.err
    assert run.json["authentication"]["user"] == "boss"
    for secret in ("reader-token", "boss-token"):
        assert secret not in daemon.log.read_text()
        assert secret not in daemon("config", "show").out


def test_roles_can_be_split_over_processes(new_daemon: New, amqp_url: str, postgres_url: str, bus_prefix: str) -> None:
    settings = f"database:\n  url: {postgres_url}\nbus:\n  url: {amqp_url}\n  prefix: {bus_prefix}\n"
    api = new_daemon(settings, GENNAKER_ROLES="[api]")
    engine = new_daemon(settings, GENNAKER_ROLES="[engine]")
    worker = new_daemon(settings, GENNAKER_ROLES="[worker]")
    for one in (api, engine, worker):
        one.launch()
    api.ready()
    for name in ("hello", "child-pipeline"):
        api.save(example(name))
    assert api.ended(api.run("example", "child-pipeline"))["status"] == "SUCCEEDED"
    assert [one.stop() for one in (api, engine, worker)] == [0, 0, 0]
