"""Which stage runs when, and how an execution ends."""

from gennaker.core.model import messages as m
from gennaker.core.model.status import Status


def test_stages_without_requisites_start_together(run, stage):
    run.begin(stage("1"), stage("2"), stage("3", "1", "2"))
    assert run.out() == ["1:go", "2:go"]


def test_a_join_waits_for_every_branch(run, stage):
    run.begin(stage("1"), stage("2"), stage("3", "1", "2"))
    run.answer("1")
    assert run.status("3") == "NOT_STARTED"
    run.answer("2")
    assert run.out() == ["3:go"]
    run.answer("3")
    assert run.status() == "SUCCEEDED"


def test_a_requisite_that_names_no_stage_is_ignored(run, stage):
    run.begin(stage("1", "nowhere"))
    assert run.out() == ["1:go"]


def test_a_pipeline_without_ref_ids_is_linear(run):
    run.begin({"type": "go"}, {"type": "go", "name": "second"})
    assert run.out() == ["0:go"]
    run.answer("0")
    assert run.out() == ["1:go"]


def test_an_orchestration_runs_its_jobs_one_after_another(run):
    run.begin_task({"type": "go"}, {"type": "two"})
    assert run.out() == ["0:go"]
    run.answer("0")
    run.answer("1")
    run.answer("1")
    assert run.status() == "SUCCEEDED"


def test_no_stages_at_all_is_terminal(run):
    run.begin()
    assert run.status() == "TERMINAL"
    assert run.x.cancellation_reason == "No initial stages"


def test_a_stage_without_tasks_is_skipped(run, stage):
    run.begin(stage("1", type="empty"), stage("2", "1"))
    assert run.status("1") == "SKIPPED"
    assert run.out() == ["2:go"]


def test_tasks_run_in_order(run, stage):
    run.begin(stage("1", type="two"))
    assert run.out() == ["1:first"]
    run.answer("1", context={"seen": 1}, outputs={"made": 2, "stageTimeoutMs": 5})
    assert run.out() == ["1:second"]
    assert run.stage("1").context["seen"] == 1
    assert run.stage("1").outputs == {"made": 2}


def test_redirect_goes_back_to_the_start_of_the_loop_in_a_new_round(run, stage):
    run.begin(stage("1", type="loop"))
    for _ in range(2):
        run.answer("1")
    run.answer("1", "REDIRECT")
    assert run.out() == ["1:body"]
    assert run.stage("1").round == 1
    assert [task.status for task in run.stage("1").tasks] == ["SUCCEEDED", "RUNNING", "NOT_STARTED"]
    run.answer("1")
    run.answer("1")
    assert run.status() == "SUCCEEDED"


def test_an_unknown_stage_type_fails_that_stage_and_names_it(run, stage):
    run.begin(stage("1", type="teleport"), stage("2", "1"))
    assert run.status("1") == "TERMINAL"
    assert "teleport" in run.stage("1").context["exception"]["details"]["errors"][0]
    assert run.status() == "TERMINAL"


def test_the_stage_type_of_the_cloud_provider_is_preferred(run, stage):
    run.begin(stage("1", cloudProvider="sky"), stage("2", cloudProvider="other"))
    assert run.out() == ["1:fly", "2:go"]


def test_a_stage_that_would_start_too_late_is_skipped(run, stage):
    run.begin(stage("1"), {**stage("2", "1"), "startTimeExpiry": str(run.now + 1000)}, stage("3", "2"))
    run.now += 2000
    run.answer("1")
    assert run.status("2") == "SKIPPED"
    assert run.out() == ["3:go"]


def test_an_execution_that_would_start_too_late_is_cancelled(run, stage):
    run.begin(stage("1"), startTimeExpiry=run.now - 1)
    assert run.status() == "CANCELED"
    assert run.x.cancellation_reason == "Could not begin execution before start time expiry"
    assert run.x.canceled_by == "spinnaker"


def test_a_disabled_pipeline_is_recorded_as_failed(run, stage):
    run.begin(stage("1"), disabled=True)
    assert run.status() == "TERMINAL"
    assert run.x.cancellation_reason == "Failed on startup: Pipeline is disabled and cannot be started."
    assert run.x.canceled_by == "system"


def test_rule_10_a_late_or_repeated_answer_changes_nothing(run, stage):
    run.begin(stage("1", type="two"))
    first = run.stage("1").handout
    reply = m.Reply(
        stage=run.stage("1").id,
        kind="task",
        name="first",
        round=0,
        attempt=first.attempt,
        outcome=m.Outcome(status=Status.SUCCEEDED),
    )
    assert run.tell(reply)
    assert run.tell(reply) == []
    assert (
        run.tell(
            m.Reply(stage="gone", kind="task", name="x", round=0, attempt=1, outcome=m.Outcome(status=Status.SUCCEEDED))
        )
        == []
    )


def test_beginning_twice_starts_once(run, stage):
    run.begin(stage("1"))
    assert run.tell(m.Begin()) == []


def test_an_outcome_that_no_task_can_have_fails_it(run, stage):
    run.begin(stage("1"))
    run.answer("1", "PAUSED")
    assert run.status("1") == "TERMINAL"
    assert "PAUSED" in run.stage("1").context["exception"]["details"]["errors"][0]


def test_rule_14_time_never_goes_back_within_an_execution(run, stage):
    run.begin(stage("1"))
    stamp = run.x.stamp
    run.now -= 5000
    run.answer("1")
    assert run.x.stamp == stamp
    assert run.stage("1").end_time == stamp
