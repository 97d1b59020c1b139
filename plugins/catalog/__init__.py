"""Changes of applications, pipelines, projects and templates, as jobs of ad-hoc tasks and as stages."""

from collections.abc import Sequence

from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage
from gennaker.plugins.catalog.applications import (
    CreateApplication,
    DeleteApplication,
    UpdateApplication,
    UpsertApplication,
)
from gennaker.plugins.catalog.from_artifact import SavePipelinesFromArtifact
from gennaker.plugins.catalog.pipelines import DeletePipeline, ReorderPipelines, SavePipeline, UpdatePipeline
from gennaker.plugins.catalog.projects import DeleteProject, UpsertProject
from gennaker.plugins.catalog.templates import CreateTemplate, DeleteTemplate, UpdateTemplate


@hookimpl
def gennaker_stages() -> Sequence[type[Stage]]:
    """The stage types of this plugin."""
    return [
        CreateApplication,
        UpdateApplication,
        UpsertApplication,
        DeleteApplication,
        SavePipeline,
        SavePipelinesFromArtifact,
        UpdatePipeline,
        DeletePipeline,
        ReorderPipelines,
        UpsertProject,
        DeleteProject,
        CreateTemplate,
        UpdateTemplate,
        DeleteTemplate,
    ]
