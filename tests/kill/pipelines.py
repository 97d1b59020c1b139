"""The pipelines that the kill tests run: every kind of stage, failure option and limit in small shapes.

Separate from the load because these say what is asked for, and that says when.
"""

import random
from collections.abc import Callable
from typing import Any

APPLICATION = "killed"
Json = dict[str, Any]
Stages = list[Json]


def _stage(ref: str, type_: str, *after: str, **context: Any) -> Json:
    return {"refId": ref, "type": type_, "name": f"{type_} {ref}", "requisiteStageRefIds": list(after), **context}


def _chain(dice: random.Random) -> Stages:
    length = dice.randint(2, 5)
    return [_stage(str(n), "quick", *([str(n - 1)] if n else [])) for n in range(length)]


def _diamond(dice: random.Random) -> Stages:
    return [
        _stage("a", "slow", seconds=dice.uniform(0.02, 0.3)),
        _stage("b", "quick", "a"),
        _stage("c", "poll", "a", seconds=dice.uniform(0.1, 0.6)),
        _stage("d", "around", "b", "c"),
        _stage("e", "quick", "d"),
    ]


def _flaky(dice: random.Random) -> Stages:
    return [_stage("a", "flaky", errors=dice.randint(1, 4)), _stage("b", "slow", "a", seconds=0.05)]


def _failing(dice: random.Random) -> Stages:
    options: Json = dice.choice(
        [
            {},
            {"failPipeline": False, "continuePipeline": False},
            {"failPipeline": False, "continuePipeline": True},
            {"failPipeline": False, "completeOtherBranchesThenFail": True},
        ]
    )
    return [
        _stage("a", "quick"),
        _stage("b", "failing", "a", **options),
        _stage("c", "slow", "a", seconds=0.2),
        _stage("d", "poll", "a", seconds=0.4),
        _stage("e", "quick", "b"),
        _stage("f", "quick", "c", "d"),
    ]


def _repaired(dice: random.Random) -> Stages:
    option = {"failPipeline": False, "continuePipeline": True} if dice.random() < 0.5 else {}
    return [_stage("a", "around", fails=True, **option), _stage("b", "quick", "a")]


def _looping(_dice: random.Random) -> Stages:
    return [_stage("a", "loop"), _stage("b", "quick", "a")]


def _once(_dice: random.Random) -> Stages:
    go_on = {"failPipeline": False, "continuePipeline": True}
    return [_stage("a", "once", **go_on), _stage("b", "once", "a", **go_on), _stage("c", "quick", "b")]


def _parent(dice: random.Random) -> Stages:
    wait = dice.random() < 0.8
    child = {"application": APPLICATION, "pipeline": "child", "waitForCompletion": wait}
    return [_stage("a", "quick"), _stage("b", "pipeline", "a", **child), _stage("c", "quick", "b")]


def _waiting(_dice: random.Random) -> Stages:
    return [_stage("a", "wait", waitTime=1), _stage("b", "quick", "a")]


#: Runs until somebody cancels it.
def endless() -> Stages:
    """Two branches that wait for what never comes, one of them with something to clean up."""
    return [_stage("a", "poll", seconds=3600), _stage("b", "slow", seconds=0.3), _stage("c", "wait", waitTime=3600)]


SHAPES: tuple[Callable[[random.Random], Stages], ...] = (
    _chain,
    _chain,
    _diamond,
    _diamond,
    _flaky,
    _failing,
    _repaired,
    _looping,
    _once,
    _parent,
    _waiting,
)


def inline(name: str, stages: Stages) -> Json:
    """A pipeline that is given whole."""
    return {"application": APPLICATION, "name": name, "stages": stages}


def stored() -> list[Json]:
    """The pipelines that are kept: a child, and those with limits."""
    short = [_stage("a", "quick"), _stage("b", "slow", "a", seconds=0.05)]
    one = {"limitConcurrent": True}
    return [
        {"id": "child", **inline("child", [*short, _stage("c", "quick", "b")])},
        {"id": "one-by-one", **inline("one-by-one", short), **one, "keepWaitingPipelines": True},
        {"id": "newest", **inline("newest", short), **one, "keepWaitingPipelines": False},
        {
            "id": "three",
            **inline("three", short),
            "limitConcurrent": False,
            "maxConcurrentExecutions": 3,
            "keepWaitingPipelines": True,
        },
    ]


LIMITED = ("one-by-one", "newest", "three")


def limit_of(pipeline: str) -> int:
    """How many executions of a stored pipeline may run at once; 0 = any number."""
    return {"one-by-one": 1, "newest": 1, "three": 3}.get(pipeline, 0)


def task() -> Json:
    """An ad-hoc task of two jobs."""
    return {
        "application": APPLICATION,
        "description": "two jobs",
        "job": [{"type": "quick"}, {"type": "slow", "seconds": 0.05}],
    }
