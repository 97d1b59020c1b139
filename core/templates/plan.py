"""The pipeline that a template and a configuration make together.

Separate because it is the whole of reference §9.2 in its order: check, values, stages, sections, scalars, texts, result.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from gennaker.core.check import Problem, check_pipeline
from gennaker.core.errors import InvalidRequest, InvalidTemplate
from gennaker.core.services import Json
from gennaker.core.templates import shape
from gennaker.core.templates.document import MOST_STAGES, SCHEMA, check_template
from gennaker.core.templates.filling import Filling, mentioned
from gennaker.core.templates.graph import assemble
from gennaker.core.templates.reference import TYPE, WHERE, is_stored, read_reference, reference_of
from gennaker.core.templates.variables import values_of

#: What `exclude` may name, and the key of the pipeline that is meant.
SECTIONS = {
    "triggers": "triggers",
    "notifications": "notifications",
    "parameters": "parameterConfig",
    "parameterConfig": "parameterConfig",
    "expectedArtifacts": "expectedArtifacts",
}
_sorted = msgspec.json.Encoder(order="sorted")
_MERGED = ("notifications", "parameterConfig", "triggers")
#: Keys of a configuration that planning uses up.
_USED_UP = frozenset({"type", "schema", "template", "variables", "exclude", "config", "parameters"})
#: Who a pipeline is, and what came with its trigger: never the template's to say, and never looked into.
_KEPT = frozenset({"id", "application", "name", "index", "source", "templateVariables", "errors", "errorMessage"}) | {
    *("trigger", "executionId", "receivedArtifacts"),
    *("createTs", "updateTs", "lastModified", "lastModifiedBy"),
}


def plan(config: Json, template: Json) -> Json:
    """The planned pipeline: plain, ready to run, with `source` and `templateVariables`. Raises InvalidTemplate naming every place."""
    problems = [*check_config(config)]
    problems += [_within("template", each) for each in check_template(template)]
    _refuse(problems)
    filling = Filling()
    try:
        values, problems = values_of(template.get("variables") or [], config.get("variables") or {}, filling)
        _refuse(problems)
        pipeline, problems = _merged(config, template)
        _refuse(problems)
        filling.use(values)
        planned = {key: value if key in _KEPT else filling.fill(value, key) for key, value in pipeline.items()}
        for name in _undeclared(config, values):
            filling.missing.setdefault(name, "variables")
    except InvalidTemplate:
        raise
    except InvalidRequest as error:
        raise InvalidTemplate((str(error),)) from error
    if filling.missing:
        names = ", ".join(filling.missing)
        where = ", ".join(dict.fromkeys(filling.missing.values()))
        message = f"Missing template variable values for the following variables: {names} (at {where})"
        raise InvalidTemplate((message,))
    planned |= {"source": {"id": template["id"], "type": TYPE, "version": SCHEMA}, "templateVariables": values}
    if shape.deeper_than(planned, 2 * shape.DEEPEST):
        raise InvalidTemplate((f"the planned pipeline is nested too deeply: more than {2 * shape.DEEPEST} levels",))
    _refuse([_within("planned pipeline", each) for each in check_pipeline(planned)[0]])
    return planned


def check_config(config: Json) -> tuple[Problem, ...]:
    """Everything that is wrong with a configuration, as far as it can be told without its template."""
    if shape.deeper_than(config, 2 * shape.DEEPEST):
        return (Problem(where="", message=f"is nested too deeply: more than {2 * shape.DEEPEST} levels"),)
    return tuple(_config_problems(config))


def _config_problems(config: Json) -> Iterator[Problem]:
    application = config.get("application")
    if not isinstance(application, str) or not application.strip():
        yield Problem(where="application", message="the name of the application is missing")
    if config.get("schema") != SCHEMA:
        found = config.get("schema") or "1"
        yield Problem(where="schema", message=f"templates of schema {found!r} are not known; expected {SCHEMA!r}")
    reference = reference_of(config)
    if not isinstance(reference, str) or not reference.strip():
        yield Problem(where=WHERE, message=f"expected spinnaker://ID, found {shape.kind(reference)}")
    elif is_stored(reference) and "${" not in reference:
        try:
            read_reference(reference)
        except InvalidRequest as error:
            yield Problem(where=WHERE, message=str(error).removeprefix(f"{WHERE}: "))
    yield from shape.typed(config, "variables", dict, "")
    yield from _excluded(config.get("exclude"))
    wrong = False
    for key in ("stages", "triggers", "notifications", "parameterConfig", "parameters", "expectedArtifacts"):
        for problem in shape.objects(config, key, ""):
            wrong = wrong or key == "stages"
            yield problem
    if wrong:
        return
    if (count := len(config.get("stages") or ())) > MOST_STAGES:
        yield Problem(where="stages", message=f"there are {count}; expected at most {MOST_STAGES}")
        return
    yield from shape.stages(config, "")
    for i, stage in enumerate(config.get("stages") or ()):
        if "refId" not in stage:
            yield Problem(
                where=f"stages[{i}].refId", message="the refId is missing; the template's stages have one too"
            )


def _excluded(exclude: Any) -> Iterator[Problem]:
    if exclude is None:
        return
    if not isinstance(exclude, list):
        yield Problem(where="exclude", message=f"expected a list, found {shape.kind(exclude)}")
        return
    for i, each in enumerate(exclude):
        if not isinstance(each, str) or each not in SECTIONS:
            message = f"there is no section {each!r}; expected some of {', '.join(SECTIONS)}"
            yield Problem(where=f"exclude[{i}]", message=message)


def _merged(config: Json, template: Json) -> tuple[Json, list[Problem]]:
    """The template's pipeline under the configuration: stages, the sections that are joined, and whatever only one of them says."""
    base: Json = {key: value for key, value in template["pipeline"].items() if key not in _KEPT}
    if template.get("protect") and config.get("stages"):
        message = f"the template {template['id']} is protected: it takes no stages of its users"
        return {}, [Problem(where="stages", message=message)]
    excluded = {SECTIONS[each] for each in config.get("exclude") or ()}
    own = {key: value for key, value in config.items() if key not in _USED_UP and value is not None}
    own["parameterConfig"] = [*(config.get("parameterConfig") or ()), *(config.get("parameters") or ())]
    pipeline = {**{key: value for key, value in base.items() if key not in excluded}, **own}
    for key in _MERGED:
        inherited = [] if key in excluded else base.get(key) or []
        pipeline[key] = _joined(inherited, own.get(key) or [])
    pipeline["stages"], problems = assemble(base.get("stages") or [], config.get("stages") or [])
    return pipeline, problems


def _joined(inherited: list[Json], own: list[Json]) -> list[Json]:
    """The template's items, marked, before the configuration's; what is there twice is there once."""
    found: dict[bytes, Json] = {}
    for each in (*({**item, "inherited": True} for item in inherited), *own):
        found.setdefault(_sorted.encode({key: value for key, value in each.items() if key != "inherited"}), each)
    return list(found.values())


def _undeclared(config: Json, values: Json) -> list[str]:
    """Variables that the values given name and nobody declared: no run could find them."""
    used = {name: each for name, each in (config.get("variables") or {}).items() if name in values}
    return sorted(mentioned(used) - values.keys())


def _within(what: str, problem: Problem) -> Problem:
    return Problem(where=f"{what}, {problem.where}", message=problem.message)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidTemplate(tuple(str(each) for each in problems))
