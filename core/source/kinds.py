"""What may be kept as files: one entry for each kind of definition.

Separate so that reading, comparing and saving know no kind: another one is another entry of `KINDS`, and a branch in each `Target`.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from gennaker.core.definitions_check import check_id, name_key, pipeline_to_store
from gennaker.core.engine.check import Problem as Wrong
from gennaker.core.engine.check import check_pipeline
from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.core.templates.document import check_template

#: What the server adds or keeps by itself: no difference there is one.
SERVER_KEYS = frozenset({"createTs", "updateTs", "lastModified", "lastModifiedBy", "regenerateCronTriggerIds"})
_NOT_COMPARED = SERVER_KEYS | {"id", "index", "source"}


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of definition."""

    name: str
    #: Whether an object is meant to be one; the first kind that says so has it.
    meant: Callable[[Json], bool]
    #: One as it is meant in a folder of this name.
    in_folder: Callable[[Json, str], Json]
    #: What is wrong, by place within it, and what is only tolerated.
    check: Callable[[Json], tuple[Sequence[Wrong], Sequence[str]]]
    #: What no two of them share.
    key: Callable[[Json], tuple[str, ...]]
    #: How people call it.
    label: Callable[[Json], str]
    #: What two of them are compared by.
    content: Callable[[Json], Json]
    #: A definition with what the server gave the stored one in place of what it does not say.
    fitted: Callable[[Json, Json], Json]


def kind_of(definition: Json) -> Kind:
    """The kind that an object is meant to be."""
    return next(kind for kind in KINDS if kind.meant(definition))


def _in_folder(pipeline: Json, folder: str) -> Json:
    """An application that is not named is the folder's."""
    return {**pipeline, "application": folder} if folder and pipeline.get("application") is None else pipeline


def _check_pipeline(pipeline: Json) -> tuple[list[Wrong], Sequence[str]]:
    templated = pipeline.get("type") == "templatedPipeline"  # its stages come from its template
    problems, warnings = check_pipeline({"stages": [], **pipeline} if templated else pipeline)
    if problems:
        return list(problems), warnings
    try:
        check_id(pipeline)
        pipeline_to_store(pipeline, None, user="", now=0, new_id=str)
    except InvalidRequest as error:
        return [Wrong(where=error.where, message=error.message.removeprefix(f"{error.where}: "))], warnings
    return [], warnings


def _pipeline_key(pipeline: Json) -> tuple[str, ...]:
    strategy = "strategy" if pipeline.get("strategy") is True else "pipeline"
    return strategy, name_key(pipeline["application"]), name_key(pipeline["name"])


def _pipeline_content(pipeline: Json) -> Json:
    content = {key: value for key, value in pipeline.items() if key not in _NOT_COMPARED}
    content |= {key: content[key].strip() for key in ("application", "name")}
    if "triggers" in content:
        content["triggers"] = [_without_id(trigger) for trigger in content["triggers"] or []]
    return content


def _without_id(trigger: Json) -> Json:
    """The server gives cron triggers their ids."""
    return {key: value for key, value in trigger.items() if key != "id" or trigger.get("type") != "cron"}


def _pipeline_fitted(pipeline: Json, stored: Json) -> Json:
    ids = iter([trigger.get("id") for trigger in stored.get("triggers") or () if trigger.get("type") == "cron"])
    if "triggers" not in pipeline:
        return pipeline
    triggers = []
    for trigger in pipeline["triggers"] or []:
        known = next(ids, None) if trigger.get("type") == "cron" else None
        triggers.append({**trigger, "id": known} if known and not trigger.get("id") else trigger)
    return {**pipeline, "triggers": triggers}


def _template_content(template: Json) -> Json:
    return {key: value for key, value in template.items() if key not in _NOT_COMPARED | {"digest", "tag"}}


#: Saved as `latest`, before the pipelines that are made from it.
TEMPLATE = Kind(
    name="template",
    meant=lambda definition: "pipeline" in definition and "stages" not in definition,
    in_folder=lambda template, _: template,
    check=lambda template: (check_template(template), ()),
    key=lambda template: (template["id"],),
    label=lambda template: f"template {template['id']}",
    content=_template_content,
    fitted=lambda template, _: template,
)
PIPELINE = Kind(
    name="pipeline",
    meant=lambda _: True,
    in_folder=_in_folder,
    check=_check_pipeline,
    key=_pipeline_key,
    label=lambda pipeline: f"{pipeline['application'].strip()}/{pipeline['name'].strip()}",
    content=_pipeline_content,
    fitted=_pipeline_fitted,
)
KINDS = (TEMPLATE, PIPELINE)
