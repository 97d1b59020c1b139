"""What an execution would do, before it is started: which stages would run, what their expressions give, who would be asked.

Separate because nothing here happens: stages are taken to succeed, one after another, and what only their work can tell stays open.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from gennaker.core.engine.shape import upstream
from gennaker.core.engine.window import WINDOW, WINDOW_DATA
from gennaker.core.evaluation.definition import ENABLED, FOR_EACH, SUMMARY, Starting
from gennaker.core.evaluation.starting import functions, starting
from gennaker.core.expressions import evaluate, scope_for
from gennaker.core.expressions.unknown import NOT_YET, Unknown
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageType, StageTypes, find
from gennaker.core.model.status import Status
from gennaker.core.model.truth import truth

Json = dict[str, Any]
_PERSON = ("instructions", "judgmentInputs", "selectedStageRoles", "requiredJudgmentRoles", "notifications")
_MOST = 300
_LOOKED_AT = ("runs", "asks", "open")


def outlook(
    execution: Execution, types: StageTypes, now: int, look: Callable[[Stage], Json] = lambda _: {}
) -> list[Json]:
    """Each top-level stage in the order in which they could run: `{refId, name, type, outcome, why, expressions, …}`.

    `look` is asked for more about each stage that could run, with its context evaluated. `outcome` is one of `runs`, `skipped`, `asks`, `stops`, `fails`, `open` (an expression decides, and has no value yet), `unreached`.
    """
    told: list[Json] = []
    x = execution
    for id_ in _in_order(execution):
        stage = x.stages[id_]
        before = upstream(x, stage)
        blocked = [other for other in before if not other.status.lets_downstream_start]
        if blocked:
            why = f"it comes after '{blocked[0].name}', which would not let it start"
            told.append(_told(stage, "unreached", why))
            continue
        one, after = _stage(x, stage, find(types, stage.type, stage.context), types, now)
        told.append({**one, **look(after)} if one["outcome"] in _LOOKED_AT else one)
        x = replace(x, stages={**x.stages, id_: after})
    return told


def _in_order(execution: Execution) -> Iterator[str]:
    left = {stage.id: {other.id for other in upstream(execution, stage)} for stage in execution.top_level()}
    while ready := [id_ for id_, needs in left.items() if not needs & left.keys()]:
        for id_ in ready:
            del left[id_]
            yield id_


def _told(stage: Stage, outcome: str, why: str = "", **more: Any) -> Json:
    return {
        "refId": stage.ref_id,
        "name": stage.name,
        "type": stage.type,
        "outcome": outcome,
        **({"why": why} if why else {}),
        **more,
    }


def _stage(x: Execution, stage: Stage, type_: StageType | None, types: StageTypes, now: int) -> tuple[Json, Stage]:
    """What is told of a stage, and the stage as those after it would find it."""
    if type_ is None or type_.functions or type_.refusal:
        why = type_.refusal if type_ and type_.refusal else f"no plugin provides the stage type '{stage.type}'"
        return _told(stage, "fails", why), replace(stage, status=Status.TERMINAL)
    if stage.start_time_expiry is not None and now > stage.start_time_expiry:
        return _told(stage, "skipped", "its startTimeExpiry is over"), replace(stage, status=Status.SKIPPED)
    found = starting(x, stage, type_, types, now)
    context = found.context if found.context is not None else stage.context
    expressions = _expressions(x, stage, found, types, now)
    done = replace(
        stage,
        status=Status.SUCCEEDED,
        context=Unknown(context, f"'{stage.name}'"),
        outputs=_outputs(stage, context, type_),
        start_time=now,
    )
    outcome, why = _outcome(type_, found, context)
    more: Json = {"expressions": expressions} if expressions else {}
    if found.fan is not None:
        more["forEach"] = {"items": list(found.fan.items), "as": found.fan.name, "limit": found.fan.limit}
    if type_.asks and outcome == "runs":
        outcome = "asks"
        more["asks"] = {key: context[key] for key in _PERSON if context.get(key)}
    if truth(context.get(WINDOW)):
        more["window"] = context.get(WINDOW_DATA)
    if outcome == "skipped":
        done = replace(stage, status=Status.SKIPPED)
    elif outcome in ("fails", "stops"):
        done = replace(done, status=Status.TERMINAL)
    return _told(stage, outcome, why, **more), done


def _outcome(type_: StageType, found: Starting, context: Json) -> tuple[str, str]:
    if found.problem:
        return "fails", found.problem
    enabled = context.get(ENABLED)
    text = enabled.get("expression") if isinstance(enabled, dict) else ""
    if any(each.function for each in found.wanted):
        asked = ", ".join(f"#{each.function}" for each in found.wanted)
        return "runs", f"after {asked} was asked, whose value is only known then"
    if not found.enabled:
        if open_ := _not_yet(context):
            return "open", f"stageEnabled '{text}': {open_}"
        return "skipped", f"stageEnabled '{text}' is {_shown((enabled or {}).get('expressionResult'))}"
    for path in type_.conditions:
        for condition in _at(context, path.split(".")[:-1]):
            result = condition.get("expressionResult")
            if "expressionResult" not in condition or truth(result) or result is True:
                continue
            if result is None and (open_ := _not_yet(context)):
                return "open", f"'{condition.get('expression')}': {open_}"
            return "stops", f"'{condition.get('expression')}' is {_shown(result)}"
    return "runs", ""


def _not_yet(context: Json) -> str:
    """Why an expression of a stage has no value before others have run; empty when that is not the reason."""
    failures = (failure for told in (context.get(SUMMARY) or {}).values() for failure in told)
    return next((str(each["description"]) for each in failures if each.get("exceptionType") == NOT_YET), "")


def _expressions(x: Execution, stage: Stage, found: Starting, types: StageTypes, now: int) -> list[Json]:
    """Every text with an expression: its value, or why it has none (yet)."""
    told: list[Json] = []
    for path, text in _texts(stage.context, ()):
        if len(told) == _MOST:
            break
        if path[0] != ENABLED:
            one = {"path": _written(path), "text": text}
            told.append({**one, **_value(x, stage, found, types, now, path, text)})
    return told


def _value(
    x: Execution, stage: Stage, found: Starting, types: StageTypes, now: int, path: tuple[Any, ...], text: str
) -> Json:
    if not found.enabled:
        return {"reason": "not evaluated, for the stage is skipped"}
    if path[0] != FOR_EACH and FOR_EACH in stage.context:
        return {"reason": "evaluated for each item"}
    value = _dig(found.context, path) if found.context is not None else text
    if value != text:
        return {"value": value}
    scope = scope_for(x, stage, now=now, values={}, functions=functions(types))
    done = evaluate(text, scope)
    if done.wanted:
        asked = ", ".join(f"#{each.function}" for each in done.wanted)
        return {"reason": f"{asked} is asked when the stage starts"}
    if not done.failures:
        return {"value": done.value}
    return {"reason": done.failures[0].reason}


def _dig(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _texts(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        if "${" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, index))


def _written(path: tuple[Any, ...]) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).lstrip(".")


def _outputs(stage: Stage, context: Json, type_: StageType) -> Json:
    """What a stage leaves to those after it: the values that one which only evaluates has; all else is not known yet."""
    items = context.get(type_.sequential) if type_.sequential else None
    if not isinstance(items, list):
        items = []
    pairs = ((each.get("key"), each.get("value")) for each in items if isinstance(each, dict))
    known = {
        key: value for key, value in pairs if isinstance(key, str) and not (isinstance(value, str) and "${" in value)
    }
    return Unknown(known, f"'{stage.name}'")


def _at(value: Any, path: list[str]) -> Iterator[Json]:
    if not path:
        if isinstance(value, dict):
            yield value
    elif path[0] == "*":
        for each in value if isinstance(value, list) else ():
            yield from _at(each, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _shown(value: Any) -> str:
    return "not known" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
