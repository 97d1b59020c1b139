"""Calls that take long tell that they live."""

import pytest

from gennaker.core.model import messages as m


@pytest.fixture
def tells(run):
    """The stage's call tells something of itself; the names of the facts."""

    def tell(*lines: str, number: int = 1, attempt: int | None = None) -> list[str]:
        stage = run.stage("1")
        out = stage.handout
        message = m.Progress(
            stage=stage.id,
            kind=out.kind,
            name=out.name,
            round=stage.round,
            attempt=out.attempt if attempt is None else attempt,
            number=number,
            lines=lines,
        )
        return run.tell(message)

    return tell


def test_rule_08_a_call_that_tells_of_itself_has_as_long_again(run, stage, tells):
    run.begin(stage("1"))
    run.later(50)
    assert tells("half done", number=3) == ["TaskProgressed"]
    assert run.due == pytest.approx(60)
    told = run.events[-1]
    assert (told.lines, told.number, told.task, told.attempt) == (("half done",), 3, "go", 1)
    assert run.later(59) == []
    run.answer("1")
    assert run.status() == "SUCCEEDED"


def test_rule_08_one_that_falls_silent_is_handed_out_again(run, stage, tells):
    run.begin(stage("1"))
    run.later(50)
    tells()
    assert run.later(60) == ["TaskHandedOut"]
    out = run.stage("1").handout
    assert (out.attempt, out.sends, out.again) == (1, 2, True)


def test_one_of_another_attempt_says_nothing(run, stage, tells):
    run.begin(stage("1"))
    assert tells("late", attempt=7) == []


def test_rule_16_a_call_whose_stage_is_to_end_gets_no_more_time(run, stage, tells):
    run.begin(stage("1", type="clean"))
    run.command(m.Cancel, execution="E")
    run.later(50)
    assert tells("still here") == ["TaskProgressed"]
    assert run.due == pytest.approx(10)
