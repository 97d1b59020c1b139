"""Stage types that save and remove pipeline templates. Source of fields and results: Orca's tasks of templates, version 2."""

from typing import Any

from gennaker.core.errors import GennakerError, InvalidRequest, InvalidTemplate, Refused
from gennaker.core.fields import field
from gennaker.core.services import Definitions, Json
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.core.templates import TAGS, check_template, digest_of, plan, used_by
from gennaker.plugins.catalog.editing import changed, read_object

_TAGS = f"one of {', '.join(TAGS)}; empty means {TAGS[0]}"
#: Its expressions must reach the store as they are written.
_GIVEN = (
    "base64 of the template's JSON; or the template itself, with `skipExpressionEvaluation` where it holds expressions"
)


class CreateTemplate(Stage, type="createV2PipelineTemplate", skips=("pipelineTemplate",)):
    """Create a pipeline template, or a new tag of one."""

    template: Any = field("pipelineTemplate", _GIVEN)
    tag: str = field("tag", _TAGS, default="")

    @task(name="createV2PipelineTemplate", answer_by=30.0)
    def create(self, run: Run) -> Outcome:
        """Store it."""

        def create(definitions: Definitions) -> Json:
            given = read_object(self.template, "pipelineTemplate")
            stored = _stored_already(definitions, run, given, self.tag)
            if stored is None:
                stored = definitions.save_template(given, user=run.user, tag=self.tag, create=True)
            return _told("createpipelinetemplate", stored["id"])

        return changed(run, create)


class UpdateTemplate(Stage, type="updateV2PipelineTemplate", skips=("pipelineTemplate",)):
    """Change a pipeline template, once every pipeline that follows the tag can be made from the new one."""

    template: Any = field("pipelineTemplate", _GIVEN)
    id_: str = field("id", "its id; the template itself must say the same", default="")
    tag: str = field("tag", _TAGS, default="")
    skip_plan: bool = field("skipPlanDependents", "do not look at the pipelines that are made from it", default=False)

    @task(name="planTemplateDependents", answer_by=120.0)
    def plan(self, run: Run) -> Outcome:
        """Plan the pipelines that follow the tag; one that cannot be planned fails the stage."""

        def check(definitions: Definitions) -> Json:
            given = self._given()
            if not self.skip_plan:
                _check_dependents(definitions, given, self.tag)
            return {}

        return changed(run, check)

    @task(name="updateV2PipelineTemplate", answer_by=30.0)
    def update(self, run: Run) -> Outcome:
        """Store it."""

        def update(definitions: Definitions) -> Json:
            given = self._given()
            stored = _stored_already(definitions, run, given, self.tag)
            if stored is None:
                stored = definitions.save_template(given, user=run.user, tag=self.tag)
            return _told("updatepipelinetemplate", stored["id"])

        return changed(run, update)

    def _given(self) -> Json:
        given = read_object(self.template, "pipelineTemplate")
        if self.id_ and given.get("id") != self.id_:
            raise InvalidRequest(f"is {given.get('id')!r}, where {self.id_!r} is to be changed", "pipelineTemplate.id")
        return given


class DeleteTemplate(Stage, type="deleteV2PipelineTemplate"):
    """Remove a pipeline template, or one tag or digest of it, that no pipeline is made from; one that is not there is fine."""

    examples = ({"pipelineTemplateId": "example"},)

    id_: str = field("pipelineTemplateId", "its id")
    tag: str = field("tag", "only this tag", default="")
    digest: str = field("digest", "only what has this digest", default="")

    @task(name="deleteV2PipelineTemplate", answer_by=30.0)
    def delete(self, run: Run) -> Outcome:
        """Remove it."""

        def delete(definitions: Definitions) -> Json:
            definitions.delete_template(self.id_, user=run.user, tag=self.tag, digest=self.digest)
            return _told("deletepipelinetemplate", self.id_)

        return changed(run, delete)


def _stored_already(definitions: Definitions, run: Run, given: Json, tag: str) -> Json | None:
    """What the same call stored before: it says the same as what is to be stored."""
    id_ = given.get("id")
    if not run.again or not isinstance(id_, str):
        return None
    stored = definitions.template(id_, tag=tag)
    return stored if stored is not None and stored["digest"] == digest_of(given) else None


def _check_dependents(definitions: Definitions, template: Json, tag: str) -> None:
    """Raises Refused naming each pipeline that follows a tag which is about to move, and cannot be made from the new template."""
    if problems := check_template(template):
        raise InvalidTemplate(tuple(str(each) for each in problems))
    moving = {tag or TAGS[0], TAGS[0]}
    wrong: list[str] = []
    for pipeline in definitions.template_dependents(template["id"]):
        used = used_by(pipeline)
        if used is None or used.digest or used.tag not in moving:
            continue
        try:
            plan(pipeline, template)
        except GennakerError as error:
            wrong.append(f"{pipeline['application']}/{pipeline['name']}: {error}")
    if wrong:
        raise Refused(f"{len(wrong)} pipelines could not be made from it any more: " + "; ".join(wrong))


def _told(type_: str, id_: str) -> Json:
    return {"notification.type": type_, "pipelineTemplate.id": id_}
