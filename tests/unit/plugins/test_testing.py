"""The test kit itself: it runs pipelines truly, and finds what it is there to find."""

import time
from types import ModuleType
from typing import Any, ClassVar

import pytest

from gennaker.core.fields import field
from gennaker.core.model.status import Status
from gennaker.core.outbound import CallFailed
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.core.testing import FakeHttp, MemoryBus, Rig, Trouble, check_module, check_stage
from gennaker.plugins.flow.judgment import ManualJudgment
from gennaker.plugins.flow.pipeline import Pipeline
from gennaker.plugins.flow.wait import Wait
from gennaker.plugins.flow.webhook import Webhook


class Polite(Stage, type="polite"):
    """Says hello, after a wait of its own."""

    name: str = field("who", "whom to greet")

    @task(effect="none")
    def hello(self, run: Run) -> Outcome:
        return run.succeeded(outputs={"greeting": f"hello {self.name}"})

    def before(self, run: Run) -> list[dict[str, Any]]:
        return [{"type": "wait", "name": "a moment", "waitTime": 60}]


def test_a_pipeline_runs_to_its_end_in_virtual_time() -> None:
    rig = Rig(Wait, Polite)
    began = rig.clock()
    execution = rig.run([{"type": "wait", "waitTime": 86_400}, {"type": "polite", "name": "greet", "who": "you"}])
    assert execution.status is Status.SUCCEEDED
    assert rig.stage("greet").outputs == {"greeting": "hello you"}
    assert rig.clock() - began == (86_400 + 60) * 1000


def test_a_run_stops_where_a_person_is_needed_and_goes_on_after_it() -> None:
    rig = Rig(ManualJudgment)
    assert rig.run([{"type": "manualJudgment", "name": "ask"}], seconds=3600).status is Status.RUNNING
    rig.patch("ask", judgmentStatus="continue")
    assert rig.run().status is Status.SUCCEEDED


def test_a_judgment_that_nobody_gives_times_out_after_three_days() -> None:
    rig = Rig(ManualJudgment)
    began = rig.clock()
    assert rig.run([{"type": "manualJudgment"}]).status is Status.TERMINAL
    assert rig.clock() - began == 3 * 86_400_000


def test_a_stopped_judgment_obeys_the_failure_options() -> None:
    rig = Rig(ManualJudgment, Wait)
    rig.run([{"type": "manualJudgment", "name": "ask", "continuePipeline": True}, {"type": "wait"}], seconds=1)
    rig.patch("ask", judgmentStatus="stop")
    assert rig.run().status is Status.SUCCEEDED
    assert rig.stage("ask").status is Status.FAILED_CONTINUE


@pytest.mark.parametrize(("ends", "status"), [(Status.SUCCEEDED, Status.SUCCEEDED), (Status.CANCELED, Status.CANCELED)])
def test_a_child_pipeline_ends_its_stage(ends: Status, status: Status) -> None:
    rig = Rig(Pipeline)
    rig.children["deploy"] = (ends, {"url": "x"})
    assert rig.run([{"type": "pipeline", "name": "child", "pipeline": "deploy"}]).status is status
    assert rig.stage("child").outputs == ({"url": "x"} if ends is Status.SUCCEEDED else {})


def test_a_webhook_is_polled_until_it_is_done() -> None:
    rig = Rig(Webhook)
    url = "https://ci.example.com/build"
    rig.http.answer("POST", url, 202, {"id": 1}, location="/jobs/1")
    for state in ("queued", "busy", "done"):
        rig.http.answer("GET", "https://ci.example.com/jobs/1", 200, {"state": state})
    stage = {
        "type": "webhook",
        "url": url,
        "waitForCompletion": True,
        "waitBeforeMonitor": 5,
        "statusUrlResolution": "locationHeader",
        "statusJsonPath": "$.state",
        "successStatuses": "done",
    }
    assert rig.run([stage]).status is Status.SUCCEEDED
    assert [asked.method for asked in rig.http.asked] == ["POST", "GET", "GET", "GET"]


def test_a_failed_webhook_calls_its_cancel_endpoint() -> None:
    rig = Rig(Webhook)
    rig.http.answer("POST", "https://x/build", 400)
    rig.run([{"type": "webhook", "url": "https://x/build", "cancelEndpoint": "https://x/stop"}])
    assert [asked.url for asked in rig.http.asked] == ["https://x/build", "https://x/stop"]
    assert rig.execution.status is Status.TERMINAL


def test_a_cancel_reaches_what_runs() -> None:
    rig = Rig(Wait)
    rig.run([{"type": "wait", "waitTime": 600}], seconds=10)
    rig.cancel()
    assert rig.run().status is Status.CANCELED


def test_a_limited_pipeline_gets_its_slot() -> None:
    rig = Rig(Wait)
    pipeline = {"id": "p", "limitConcurrent": True, "stages": [{"type": "wait", "name": "w"}]}
    assert rig.run(pipeline).status is Status.SUCCEEDED


def test_what_was_not_started_is_told() -> None:
    rig = Rig(Wait)
    with pytest.raises(RuntimeError, match="nothing was started"):
        _ = rig.execution
    rig.start([{"type": "wait", "name": "w"}])
    with pytest.raises(KeyError, match="no stage is called 'x'"):
        rig.stage("x")


@pytest.mark.parametrize("seed", range(10))
def test_rule_08_whatever_is_lost_is_handed_out_again(seed: int) -> None:
    rig = Rig(Wait, Polite, trouble=Trouble(seed=seed, crash=0.5, lost=0.3, duplicate=0.3, reorder=True))
    assert rig.run([{"type": "polite", "who": str(n)} for n in range(4)]).status is Status.SUCCEEDED


def test_the_fake_web_answers_as_it_was_told() -> None:
    web = FakeHttp()
    web.fail("GET", "https://x/")
    web.answer("GET", "https://x/", 404, {"a": 1}, Retry_After="5")
    with pytest.raises(CallFailed):
        web.request("GET", "https://x/")
    answer = web.request("GET", "https://x/")
    assert (answer.status, answer.body, answer.headers) == (404, b'{"a":1}', {"retry-after": "5"})
    assert web.request("GET", "https://x/").status == 404
    assert web.request("POST", "https://elsewhere/").status == 200


def test_the_bus_of_the_kit_needs_no_server() -> None:
    bus = MemoryBus()
    assert bus.health().up
    bus.close()


@pytest.mark.parametrize("stage", [Wait, ManualJudgment, Pipeline, Webhook, Polite])
def test_the_bundled_stages_keep_their_promises(stage: type[Stage]) -> None:
    def prepare(rig: Rig) -> None:
        for status in ("busy", "busy", "done"):
            rig.http.answer("GET", "https://ci.example.com/build", 200, {"status": status})

    assert check_stage(stage, [Wait], prepare=prepare) == []


class Silent(Stage, type="silent"):
    value: str = field("value", "", default="")


class Counting(Stage, type="counting"):
    """Counts its calls, which it must not."""

    calls: ClassVar[list[str]] = []

    @task
    def count(self, run: Run) -> Outcome:
        self.calls.append(run.key)
        return run.failed("twice") if self.calls.count(run.key) > 1 else run.succeeded()


class Slow(Stage, type="slow", quick=True):
    """Is not as quick as it says."""

    @task
    def go(self, run: Run) -> Outcome:
        time.sleep(0.11)
        return run.succeeded()


class Odd(Stage, type="odd"):
    """Answers what is no answer."""

    @task
    def go(self, run: Run) -> Outcome:
        return 5  # type: ignore[return-value]


class Raising(Stage, type="raising"):
    """Raises where it should answer."""

    examples = ({"x": 1},)

    @task
    def go(self, run: Run) -> Outcome:
        raise KeyError("x")


class Liar(Stage, type="liar"):
    """Says it changes nothing."""

    @task(effect="none")
    def go(self, run: Run) -> Outcome:
        assert run.services.http is not None
        run.services.http.request("POST", "https://x/")
        return run.succeeded()


class Careful(Stage, type="careful", provider="cloud"):
    """Sends a mail at most once, in spite of everything."""

    sent: ClassVar[list[str]] = []

    @task(effect="at_most_once")
    def send(self, run: Run) -> Outcome:
        self.sent.append(run.key)
        return run.succeeded()

    def cancel(self, run: Run) -> None:
        self.sent.append(run.reason or "")


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Silent, "has no docstring"),
        (Silent, "field value has no description"),
        (Silent, "has no tasks"),
        (Counting, "STOPPED when work is delivered twice"),
        (Slow, "is declared quick, but go took 0.1"),
        (Odd, "go of stage type 'odd' answered 5"),
        (Raising, "go raised KeyError"),
        (Liar, "declares no effect, but makes calls that change something"),
    ],
)
def test_a_promise_that_is_not_kept_is_found(stage: type[Stage], said: str) -> None:
    Counting.calls.clear()
    found = [str(one) for one in check_stage(stage)]
    assert any(one.startswith(f"{stage.type}: ") and said in one for one in found), found


def test_only_the_trouble_that_does_harm_is_told() -> None:
    Counting.calls.clear()
    assert not any("another order" in one.problem for one in check_stage(Counting))


def test_an_at_most_once_call_may_fail_but_not_happen_twice() -> None:
    assert check_stage(Careful) == []


def test_a_whole_plugin_is_checked() -> None:
    module = ModuleType("sample")
    assert check_module(module) == []
    module.gennaker_stages = lambda: [Polite, Odd]  # type: ignore[attr-defined]
    assert {one.subject for one in check_module(module, [Wait])} == {"odd"}
