"""Functions that look outside: asked in a worker, answered as values or errors, tried again where that may help."""

import pytest

from gennaker.core.call import call
from gennaker.core.errors import NotFound
from gennaker.core.lookups import OutsideFunction, StandardLookup, lookup_type
from gennaker.core.model.execution import Wanted
from gennaker.core.model.work import LOOKUP_TYPE, Work
from gennaker.core.outbound import CallFailed
from gennaker.core.run import Retryable
from gennaker.core.services import Services
from gennaker.core.testing import FakeHttp


def work(*wanted: Wanted, attempt: int = 1) -> Work:
    """A hand-out that asks for values."""
    return Work(
        execution="E",
        stage="s",
        kind="evaluate",
        name="expressions",
        round=0,
        attempt=attempt,
        key="k",
        at=0,
        answer_by=60_000,
        not_after=65_000,
        shard=0,
        type=LOOKUP_TYPE,
        wanted=wanted,
    )


def raising(error: Exception):
    def function(_run, *_arguments):
        raise error

    return function


def answers(function, *arguments, attempt: int = 1):
    """The outcome of one call of a function of plugin `sea`."""
    stage = lookup_type([OutsideFunction(name="tide", description="The tide.", call=function)], "sea")
    wanted = Wanted(function="sea_tide", arguments=arguments, key="K")
    return call(stage, work(wanted, attempt=attempt), Services())


def test_a_value_is_told_under_the_key_of_its_call():
    assert answers(lambda run, port: f"{run.execution} at {port}", "Kiel").context == {"K": {"value": "E at Kiel"}}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotFound("no such port"), "no such port"),
        (ValueError("bad"), "#sea_tide: ValueError: bad"),
        (CallFailed("refused", retryable=False), "refused"),
    ],
)
def test_what_goes_wrong_for_good_is_an_expression_that_failed(error, told):
    assert answers(raising(error)).context == {"K": {"error": told}}


@pytest.mark.parametrize("error", [Retryable("busy"), CallFailed("no answer")])
def test_what_may_pass_is_tried_again(error):
    assert answers(raising(error)).retryable


def test_a_call_without_an_answer_is_given_up_in_the_end():
    assert answers(raising(CallFailed("no answer")), attempt=3).context == {"K": {"error": "no answer"}}


def test_a_function_that_this_worker_does_not_know_is_an_error():
    stage = lookup_type([], "sea")
    assert (
        "no function #sea_tide"
        in call(stage, work(Wanted(function="sea_tide", key="K")), Services()).context["K"]["error"]
    )


@pytest.mark.parametrize("name", ["no-name", "", "a b"])
def test_a_name_that_cannot_be_written_is_refused(name):
    with pytest.raises(ValueError, match="cannot be the name"):
        lookup_type([OutsideFunction(name=name, description="", call=len)], "sea")


def test_a_name_that_comes_twice_is_refused():
    one = OutsideFunction(name="tide", description="", call=len)
    with pytest.raises(ValueError, match="two functions"):
        lookup_type([one, one], "sea")


def test_spinnaker_s_own_are_answered_by_what_the_program_offers():
    http = FakeHttp()
    http.answer("GET", "https://x.example/v", body=[1, 2])
    wanted = Wanted(function="fromUrl", arguments=("https://x.example/v",), key="K")
    assert call(StandardLookup, work(wanted), Services(http=http)).context == {"K": {"value": "[1,2]"}}
