"""Projects: pipelines and applications that somebody looks at together. They are changed by tasks."""

from fastapi import Response

from gennaker.core.errors import NotFound
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Gate, Here, answer, needs, routes
from gennaker.plugins.gate.applications import executions_of
from gennaker.plugins.gate.executions import shown
from gennaker.plugins.gate.query import NO_WORDS, Limit, Words

router = routes()


@router.get("/projects", tags=["projects"], **needs("read"))
def list_projects(here: Here) -> Response:
    """All projects."""
    return answer(here.definitions.projects())


@router.get("/projects/{project}", tags=["projects"], **needs("read"))
def get_project(here: Here, project: str) -> Response:
    """One project, by id or name."""
    return answer(find_project(here, project))


@router.get("/projects/{project}/pipelines", tags=["projects"], **needs("read"))
def project_executions(here: Here, project: str, limit: Limit = 5, statuses: Words = NO_WORDS) -> Response:
    """Executions of a project's pipelines, the newest `limit` of each."""
    config = find_project(here, project).get("config") or {}
    ids = [str(one["pipelineConfigId"]) for one in config.get("pipelineConfigs") or () if one.get("pipelineConfigId")]
    return shown(here, executions_of(here, list(dict.fromkeys(ids)), limit, statuses))


def find_project(here: Gate, id_or_name: str) -> Json:
    """A project, by id or name. Raises NotFound."""
    found = here.definitions.project(id_or_name)
    if found is None:
        raise NotFound(f"Project not found (id: {id_or_name})")
    return found
