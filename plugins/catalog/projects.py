"""Stage types that save and remove projects. Source of fields: Orca's project tasks."""

from typing import Any

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.services import Definitions, Json
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.catalog.editing import changed, new_id, read_object


class UpsertProject(Stage, type="upsertProject"):
    """Create a project, or replace the one with its id."""

    examples = ({"project": {"id": "example-1", "name": "example", "email": "team@example.com"}},)

    project: Any = field("project", "the project: `{name, email, config: {pipelineConfigs, applications, clusters}}`")

    @task(name="upsertProject", answer_by=30.0)
    def save(self, run: Run) -> Outcome:
        """Save it."""

        def save(definitions: Definitions) -> Json:
            given = read_object(self.project, "project")
            stored = definitions.save_project({**given, "id": given.get("id") or new_id(run)}, user=run.user)
            return {"notification.type": "upsertproject", "projectId": stored["id"]}

        return changed(run, save)


class DeleteProject(Stage, type="deleteProject"):
    """Remove a project; one that is not there is fine."""

    examples = ({"project": {"id": "example"}},)

    project: Any = field("project", "the project: `{id}`")

    @task(name="deleteProject", answer_by=30.0)
    def delete(self, run: Run) -> Outcome:
        """Remove it."""

        def delete(definitions: Definitions) -> Json:
            id_ = read_object(self.project, "project").get("id")
            if not isinstance(id_, str) or not id_:
                raise InvalidRequest("must be the project's id", "project.id")
            definitions.delete_project(id_, user=run.user)
            return {"notification.type": "deleteproject", "projectId": id_}

        return changed(run, delete)
