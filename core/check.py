"""What is wrong with a pipeline before it is stored or run, and what Spinnaker tolerates.

Separate because saving, starting and `pipeline validate` give the same answers.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from gennaker.core.expressions import check, check_condition

Json = dict[str, Any]

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "text"),
    "id": (str, "text"),
    "limitConcurrent": (bool, "true or false"),
    "keepWaitingPipelines": (bool, "true or false"),
    "disabled": (bool, "true or false"),
    "parameterConfig": (list, "a list"),
    "triggers": (list, "a list"),
    "notifications": (list, "a list"),
    "expectedArtifacts": (list, "a list"),
    "templateVariables": (dict, "an object"),
    "source": (dict, "an object"),
}


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong, at a place such as `stages[2].refId`."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def check_pipeline(pipeline: Json) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems that refuse a pipeline, and warnings about what is tolerated."""
    warnings: list[str] = []
    problems = list(_fields(pipeline))
    stages = pipeline.get("stages")
    if not isinstance(stages, list):
        problems.append(Problem(where="stages", message=f"expected a list of stages, found {_kind(stages)}"))
    else:
        problems += _stage_problems(stages)
        if not problems:
            found, warnings = _graph(stages)
            problems += found
    return tuple(problems), tuple(warnings)


def check_task(task: Json) -> tuple[Problem, ...]:
    """Problems that refuse an ad-hoc orchestration."""
    jobs = task.get("job")
    if not isinstance(jobs, list) or not jobs:
        return (Problem(where="job", message=f"expected a list of stages to run, found {_kind(jobs)}"),)
    problems = []
    for i, job in enumerate(jobs):
        if not isinstance(job, dict):
            problems.append(Problem(where=f"job[{i}]", message=f"expected an object, found {_kind(job)}"))
        elif not isinstance(job.get("type"), str) or not job["type"]:
            problems.append(Problem(where=f"job[{i}].type", message="the type of the stage is missing"))
    if not isinstance(task.get("trigger") or {}, dict):
        problems.append(Problem(where="trigger", message=f"expected an object, found {_kind(task['trigger'])}"))
    problems += _expiry(task, "")
    return tuple(problems)


def _fields(pipeline: Json) -> Iterator[Problem]:
    application = pipeline.get("application")
    if not isinstance(application, str) or not application.strip():
        yield Problem(where="application", message="the name of the application is missing")
    for key, (type_, wanted) in _TYPES.items():
        value = pipeline.get(key)
        if value is not None and not isinstance(value, type_):
            yield Problem(where=key, message=f"expected {wanted}, found {_kind(value)}")
    maximum = pipeline.get("maxConcurrentExecutions")
    if maximum is not None and (isinstance(maximum, bool) or not _whole(maximum)):
        message = f"expected a whole number, found {_kind(maximum)}"
        yield Problem(where="maxConcurrentExecutions", message=message)
    yield from _expiry(pipeline, "")
    for i, parameter in enumerate(pipeline.get("parameterConfig") or ()):
        if not isinstance(pipeline.get("parameterConfig"), list):
            break
        if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
            yield Problem(where=f"parameterConfig[{i}].name", message="the name of the parameter is missing")


def _stage_problems(stages: list[Any]) -> Iterator[Problem]:
    linear = not any(isinstance(stage, dict) and "refId" in stage for stage in stages)
    seen: dict[str, int] = {}
    for i, stage in enumerate(stages):
        if not isinstance(stage, dict):
            yield Problem(where=f"stages[{i}]", message=f"expected an object, found {_kind(stage)}")
            continue
        if not isinstance(stage.get("type"), str) or not stage["type"]:
            yield Problem(where=f"stages[{i}].type", message="the type of the stage is missing")
        if stage.get("name") is not None and not isinstance(stage["name"], str):
            yield Problem(where=f"stages[{i}].name", message=f"expected text, found {_kind(stage['name'])}")
        yield from _expiry(stage, f"stages[{i}].")
        requisites = stage.get("requisiteStageRefIds")
        if requisites is not None and not _texts(requisites):
            message = f"expected a list of refIds, found {_kind(requisites)}"
            yield Problem(where=f"stages[{i}].requisiteStageRefIds", message=message)
        if linear:
            continue
        ref = stage.get("refId")
        if not isinstance(ref, str | int) or isinstance(ref, bool) or ref == "":
            yield Problem(where=f"stages[{i}].refId", message="the refId is missing, though other stages have one")
        elif str(ref) in seen:
            message = f"'{ref}' is used by stages[{seen[str(ref)]}] already"
            yield Problem(where=f"stages[{i}].refId", message=message)
        else:
            seen[str(ref)] = i


def _graph(stages: list[Json]) -> tuple[list[Problem], list[str]]:
    """Cycles refuse a pipeline; a requisite that names no stage is left out, with a warning."""
    if not any("refId" in stage for stage in stages):
        return [], []
    index = {str(stage["refId"]): i for i, stage in enumerate(stages)}
    needs: dict[int, set[int]] = {}
    warnings = []
    for i, stage in enumerate(stages):
        wanted = [str(ref) for ref in stage.get("requisiteStageRefIds") or ()]
        for ref in wanted:
            if ref not in index:
                warnings.append(f"stages[{i}].requisiteStageRefIds: there is no stage '{ref}'; it is ignored")
        needs[i] = {index[ref] for ref in wanted if ref in index}
    left = dict(needs)
    while ready := [i for i, after in left.items() if not after & left.keys()]:
        for i in ready:
            del left[i]
    if not left:
        return [], warnings
    path = " → ".join(f"'{stages[i]['refId']}'" for i in _cycle(left))
    where = f"stages[{next(iter(left))}].requisiteStageRefIds"
    return [Problem(where=where, message=f"stages wait for one another in a circle: {path}")], warnings


def _cycle(left: dict[int, set[int]]) -> list[int]:
    path = [next(iter(left))]
    while True:
        following = next(i for i in left[path[-1]] if i in left)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


def _expiry(holder: Json, prefix: str) -> Iterator[Problem]:
    value = holder.get("startTimeExpiry")
    if value not in (None, "") and (isinstance(value, bool) or not _whole(value)):
        message = f"expected epoch milliseconds, found {_kind(value)}"
        yield Problem(where=f"{prefix}startTimeExpiry", message=message)


def _whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("-").isdigit())


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str | int) for each in value)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def check_expressions(pipeline: Json) -> tuple[str, ...]:
    """Warnings about expressions that cannot be read, each with its place. Spinnaker stores them too, and they fail when their stage starts."""
    told: list[str] = []
    for i, stage in enumerate(pipeline.get("stages") or ()):
        for path, text in _expressions(stage, ()):
            bare = path[:1] == ("stageEnabled",) or (
                path[:1] == ("preconditions",) and path[-2:] == ("context", "expression")
            )
            found = check_condition(text) if bare and path[-1] == "expression" else check(text)
            where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
            told += [f"stages[{i}]{where}: column {each.column}: {each.message}" for each in found]
    return tuple(told)


def _expressions(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        if "${" in value or path[-1:] == ("expression",):
            yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _expressions(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _expressions(each, (*path, index))
