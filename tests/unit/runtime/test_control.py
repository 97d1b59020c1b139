"""What may be asked of the engine, from the row to its effect."""

import threading

import pytest

from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.services import Search


def test_a_pipeline_runs_to_its_end(runtime, until, chain):
    id_ = runtime.services.control.start(chain("nothing", "nothing", "nothing"), {}, user="ann", origin="api")
    found = until(runtime, id_, status="SUCCEEDED")
    assert [stage.status for stage in found.top_level()] == ["SUCCEEDED"] * 3
    assert found.user == "ann"
    assert runtime.services.why.why(found) == "It has ended SUCCEEDED."


def test_a_stored_pipeline_is_found_by_name_or_id(runtime, until, chain):
    saved = runtime.services.definitions.save_pipeline(chain("nothing", name="Deploy"), user="ann")
    for name in ("deploy", saved["id"]):
        id_ = runtime.services.control.start_stored("app", name, {}, user="ann")
        assert until(runtime, id_, status="SUCCEEDED").pipeline_config_id == saved["id"]
    with pytest.raises(NotFound):
        runtime.services.control.start_stored("other", "Deploy", {}, user="ann")
    runtime.services.definitions.save_pipeline({**saved, "disabled": True}, user="ann")
    with pytest.raises(Refused, match="disabled"):
        runtime.services.control.start_stored("app", "Deploy", {}, user="ann")


def test_an_ad_hoc_task_runs(runtime, until):
    id_ = runtime.services.control.submit({"application": "app", "job": [{"type": "nothing"}]}, user="ann")
    assert until(runtime, id_, status="SUCCEEDED").kind == "ORCHESTRATION"


def test_bad_input_stores_nothing(runtime):
    with pytest.raises(InvalidRequest, match=r"stages\[0\]\.type"):
        runtime.services.control.start({"application": "a", "stages": [{}]}, {}, user="ann")
    assert runtime.services.executions.find(Search()) == []


def test_rule_06_the_same_key_is_one_execution(runtime, until, chain):
    control = runtime.services.control
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(control.start(chain("nothing"), {}, user="ann", key="build-7")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 1
    until(runtime, ids[0])
    assert len(runtime.services.executions.find(Search())) == 1


def test_a_correlation_id_counts_while_its_execution_goes_on(runtime, until, chain):
    control = runtime.services.control
    trigger = {"correlationId": "c-1"}
    first = control.start(chain("hold"), trigger, user="ann")
    assert control.start(chain("hold"), trigger, user="ann") == first
    until(runtime, first, status="RUNNING")
    control.cancel(first, user="ann")
    second = control.start(chain("nothing"), trigger, user="ann")
    assert second != first


def test_the_wanted_id_is_taken(runtime, until, chain):
    id_ = runtime.services.control.start(chain("nothing", executionId="01WANTED"), {}, user="ann")
    assert id_ == "01WANTED"
    until(runtime, id_)


def test_cancel_cleans_up_and_says_who_and_why(runtime, until, chain):
    control = runtime.services.control
    id_ = control.start(chain("hold"), {}, user="ann")
    until(runtime, id_, status="RUNNING")
    control.cancel(id_, user="bob", reason="enough")
    found = until(runtime, id_, test=lambda each: each.status == "CANCELED" and not each.active)
    assert (found.canceled_by, found.cancellation_reason) == ("bob", "enough")
    with pytest.raises(Refused, match="already ended CANCELED"):
        control.cancel(id_, user="bob")


def test_rule_16_a_cancelled_id_stays_dead_when_it_comes(runtime, until, chain):
    control = runtime.services.control
    with pytest.raises(NotFound, match="stays cancelled"):
        control.cancel("01LATE", user="bob")
    assert control.start(chain("nothing", executionId="01LATE"), {}, user="ann") == "01LATE"
    assert until(runtime, "01LATE").status == "CANCELED"


def test_pause_patch_and_resume(runtime, until, chain):
    control = runtime.services.control
    id_ = control.start(chain("hold"), {}, user="ann")
    running = until(runtime, id_, test=lambda each: each.status == "RUNNING" and each.top_level()[0].handout is None)
    control.pause(id_, user="bob")
    with pytest.raises(Refused, match="Only a running"):
        control.pause(id_, user="bob")
    control.patch(id_, running.top_level()[0].id, {"go": True}, user="bob")
    assert until(runtime, id_, status="PAUSED")
    control.resume(id_, user="bob")
    until(runtime, id_, status="SUCCEEDED")


def test_restart_runs_the_rest_again(runtime, until, chain):
    control = runtime.services.control
    id_ = control.start(chain("nothing", "broken"), {}, user="ann")
    found = until(runtime, id_, status="TERMINAL")
    stage = found.top_level()[1]
    control.restart(id_, stage.id, user="bob", seen=0, body={"stages": [{"refId": "1", "preconditions": [1]}]})
    again = until(runtime, id_, test=lambda each: each.status == "TERMINAL" and each.top_level()[1].round == 1)
    assert again.top_level()[1].context["preconditions"] == [1]
    assert again.top_level()[0].round == 0
    with pytest.raises(Refused, match="restarted in the meantime"):
        control.restart(id_, stage.id, user="bob", seen=0)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_does_not_exist_is_not_found(runtime, verb):
    with pytest.raises(NotFound, match="no execution"):
        getattr(runtime.services.control, verb)("gone", user="bob")
    with pytest.raises(NotFound):
        runtime.services.control.restart("gone", "s", user="bob")
    with pytest.raises(NotFound):
        runtime.services.control.patch("gone", "s", {}, user="bob")
    with pytest.raises(NotFound):
        runtime.services.control.delete("gone", user="bob")


def test_delete_removes_what_has_ended(runtime, until, chain):
    control = runtime.services.control
    id_ = control.start(chain("hold"), {}, user="ann")
    until(runtime, id_, status="RUNNING")
    with pytest.raises(Refused):
        control.delete(id_, user="ann")
    control.cancel(id_, user="ann")
    until(runtime, id_, test=lambda each: not each.active)
    control.delete(id_, user="ann")
    with pytest.raises(NotFound):
        runtime.services.executions.get(id_)


def test_rule_05_a_request_is_accepted_while_no_engine_runs(runtimes, until, chain):
    api = runtimes(roles=["api"])
    id_ = api.services.control.start(chain("nothing"), {}, user="ann")
    assert api.services.executions.get(id_).status == "NOT_STARTED"
    assert "waits for an engine" in api.services.why.why(api.services.executions.get(id_))
    engine = runtimes(roles=["engine", "worker"])
    assert until(engine, id_, status="SUCCEEDED")
