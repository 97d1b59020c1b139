"""Stage types that save, remove and order pipelines. Source of fields and results: Orca's pipeline tasks."""

from typing import Any

from gennaker.core.errors import GennakerError, InvalidRequest, NotFound
from gennaker.core.fields import field
from gennaker.core.services import Definitions, Json
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.catalog.editing import changed, made_already, new_id, read_list, read_object

_PIPELINE = {"id": "example-1", "application": "example", "name": "saved", "stages": []}


class SavePipeline(Stage, type="savePipeline", skips=("pipeline", "pipelines")):
    """Create a pipeline or replace the one with its id; or several, each for itself.

    With `skipExpressionEvaluation: true` the expressions in what is saved are left to the pipeline that is saved; base64 is never read.
    """

    examples = ({"pipeline": _PIPELINE}, {"isBulkSavingPipelines": True, "pipelines": [_PIPELINE]})

    pipeline: Any = field("pipeline", "the pipeline, or base64 of its JSON", default=None)
    pipeline_id: str = field("pipeline.id", "its id, when the pipeline itself says none", default="")
    several: bool = field("isBulkSavingPipelines", "save `pipelines` instead", default=False)
    many: bool = field("isSavingMultiplePipelines", "the same", default=False)
    pipelines: Any = field("pipelines", "a list of pipelines, or base64 of its JSON", default=None)
    stale_check: bool = field("staleCheck", "refuse one that was changed since it was read", default=False)

    @task(name="savePipeline", answer_by=60.0)
    def save(self, run: Run) -> Outcome:
        """Save it, or them."""
        return changed(run, lambda definitions: self._save(definitions, run))

    def _save(self, definitions: Definitions, run: Run) -> Json:
        if self.several or self.many:
            return self._save_several(definitions, run)
        given = read_object(self.pipeline, "pipeline")
        if not given.get("id") and self.pipeline_id:
            given = {**given, "id": self.pipeline_id}
        stored = save(definitions, run, given, stale_check=self.stale_check)
        return {
            "notification.type": "savepipeline",
            "application": stored["application"],
            "pipeline.name": stored["name"],
            "pipeline.id": stored["id"],
        }

    def _save_several(self, definitions: Definitions, run: Run) -> Json:
        saved: list[str] = []
        failed: list[Json] = []
        for number, given in enumerate(read_list(self.pipelines, "pipelines")):
            try:
                saved.append(save(definitions, run, given, str(number), stale_check=self.stale_check)["name"])
            except GennakerError as error:
                failed.append({**given, "errorMsg": str(error)})
        return {
            "notification.type": "savepipeline",
            "bulksave": {
                "successful_pipelines_count": len(saved),
                "successful_pipelines": saved,
                "failed_pipelines_count": len(failed),
                "failed_pipelines": failed,
            },
        }


class UpdatePipeline(Stage, type="updatePipeline", skips=("pipeline",)):
    """Replace a pipeline that exists.

    With `skipExpressionEvaluation: true` the expressions in it are left to the pipeline that is saved; base64 is never read.
    """

    pipeline: Any = field("pipeline", "the pipeline with its id, or base64 of its JSON")
    stale_check: bool = field("staleCheck", "refuse one that was changed since it was read", default=False)

    @task(name="updatePipeline", answer_by=30.0)
    def update(self, run: Run) -> Outcome:
        """Save it."""

        def update(definitions: Definitions) -> Json:
            given = read_object(self.pipeline, "pipeline")
            if definitions.pipeline(str(given.get("id", ""))) is None:
                raise NotFound(f"Pipeline not found (id: {given.get('id')})")
            stored = save(definitions, run, given, stale_check=self.stale_check)
            return {
                "notification.type": "updatepipeline",
                "application": stored["application"],
                "pipeline.name": stored["name"],
                "pipeline.id": stored["id"],
            }

        return changed(run, update)


class DeletePipeline(Stage, type="deletePipeline"):
    """Remove a pipeline, by id or by application and name; one that is not there is fine."""

    examples = ({"application": "example", "pipelineName": "saved"},)

    pipeline_id: str = field("pipelineId", "its id", default="")
    application: str = field("application", "its application", default="")
    pipeline_name: str = field("pipelineName", "its name in the application, without case", default="")
    pipeline: Any = field("pipeline", "the pipeline itself, or base64 of its JSON, instead of the above", default=None)

    @task(name="deletePipeline", answer_by=30.0)
    def delete(self, run: Run) -> Outcome:
        """Remove it."""
        return changed(run, lambda definitions: self._delete(definitions, run))

    def _delete(self, definitions: Definitions, run: Run) -> Json:
        given = read_object(self.pipeline, "pipeline") if self.pipeline is not None else {}
        id_ = self.pipeline_id or str(given.get("id") or "")
        name = self.pipeline_name or str(given.get("name") or "")
        application = self.application or str(given.get("application") or run.application)
        if id_:
            found = definitions.pipeline(id_)
        elif name:
            found = definitions.pipeline_named(application, name)
        else:
            raise InvalidRequest("name the pipeline by `pipelineId`, or by `application` and `pipelineName`")
        if found is not None:
            definitions.delete_pipeline(found["id"], user=run.user)
            name, application = found["name"], found["application"]
        return {"notification.type": "deletepipeline", "application": application, "pipeline.name": name}


class ReorderPipelines(Stage, type="reorderPipelines"):
    """Set the order in which an application's pipelines, or strategies, are shown."""

    application: str = field("application", "the application", default="")
    indices: Any = field("idsToIndices", "pipeline id to index, or base64 of its JSON")
    strategies: bool = field("isStrategy", "order the strategies instead", default=False)

    @task(name="reorderPipelines", answer_by=30.0)
    def reorder(self, run: Run) -> Outcome:
        """Set the order."""

        def reorder(definitions: Definitions) -> Json:
            application = self.application or run.application
            indices = read_object(self.indices, "idsToIndices")
            if not all(type(index) is int for index in indices.values()):
                raise InvalidRequest("must name a whole number for each pipeline", "idsToIndices")
            definitions.reorder(application, indices, user=run.user, strategies=self.strategies)
            return {"notification.type": "reorderpipelines", "application": application}

        return changed(run, reorder)


def save(definitions: Definitions, run: Run, given: Json, part: str = "", *, stale_check: bool) -> Json:
    """Save one pipeline so that the same call again changes nothing: a new one's id comes from the effect key."""
    given = {**given, "id": given.get("id") or new_id(run, part)}
    stored = definitions.pipeline(given["id"])
    if made_already(run, given, stored) and stored is not None:
        return stored
    if stored is not None and given.get("index") is None:
        given["index"] = stored.get("index")
    return definitions.save_pipeline(given, user=run.user, stale_check=stale_check)
