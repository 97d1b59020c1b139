"""Stage type `savePipelinesFromArtifact`: pipelines of many applications from one JSON artifact.

Separate because what it saves comes from outside, and each pipeline fails or succeeds for itself. Source: Orca's stage of that name.
"""

from typing import Any

import msgspec

from gennaker.core.artifacts.artifact import told
from gennaker.core.artifacts.visible import artifact_for
from gennaker.core.errors import GennakerError, InvalidRequest, Unavailable
from gennaker.core.fields import field
from gennaker.core.services import Definitions, Json
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.catalog.editing import new_id
from gennaker.plugins.catalog.pipelines import save

#: Pipelines that are saved at most.
MOST = 500


class SavePipelinesFromArtifact(Stage, type="savePipelinesFromArtifact"):
    """Save the pipelines of a JSON artifact: `{application: [pipeline, …]}`.

    One of a name that the application has already is replaced. When one cannot be saved the others are, and the stage fails.
    """

    artifact_id: str = field("pipelinesArtifactId", "id of the expected artifact that holds them", default="")
    artifact: Any = field("pipelinesArtifact", "the artifact itself, instead of an id", default=None)

    @task(answer_by=120.0)
    def save_pipelines_from_artifact(self, run: Run) -> Outcome:
        """Fetch and save them."""
        definitions, artifacts = run.services.definitions, run.services.artifacts
        if definitions is None or artifacts is None:
            return run.failed("this worker has no definitions or no artifacts; run it where the database is configured")
        found = artifact_for(
            self.artifact_id or None,
            self.artifact,
            run.expected_artifacts,
            where="pipelinesArtifactId or pipelinesArtifact",
        )
        pipelines = read_pipelines(artifacts.fetch(found), told(found))
        return _saved(run, definitions, pipelines)


def read_pipelines(content: bytes, name: str) -> list[tuple[str, Json]]:
    """The pipelines in the content of an artifact, each with its application. Raises InvalidRequest that names the place."""
    try:
        whole = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"is no JSON ({error})", name) from None
    if not isinstance(whole, dict):
        raise InvalidRequest("expected an object of applications, each with a list of pipelines", name)
    found: list[tuple[str, Json]] = []
    for application, pipelines in whole.items():
        if not isinstance(pipelines, list):
            raise InvalidRequest("expected a list of pipelines", f"{name}, {application}")
        for index, one in enumerate(pipelines):
            if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"].strip():
                raise InvalidRequest("expected a pipeline with a name", f"{name}, {application}[{index}]")
            found.append((application, {**one, "application": application}))
    if len(found) > MOST:
        raise InvalidRequest(f"has {len(found)} pipelines; at most {MOST} are saved at once", name)
    return found


def _saved(run: Run, definitions: Definitions, pipelines: list[tuple[str, Json]]) -> Outcome:
    told: dict[str, list[Json]] = {"pipelinesCreated": [], "pipelinesUpdated": [], "pipelinesFailedToSave": []}
    for application, given in pipelines:
        try:
            stored, made = _save(run, definitions, application, given)
            key = "pipelinesCreated" if made else "pipelinesUpdated"
            told[key].append({"application": application, "id": stored["id"], "name": stored["name"]})
        except Unavailable:
            raise
        except GennakerError as error:
            failed = {"application": application, "name": given["name"], "errorMsg": error.message}
            told["pipelinesFailedToSave"].append(failed)
    failures = told["pipelinesFailedToSave"]
    if not failures:
        return run.succeeded(told)
    first = failures[0]
    reason = f"{len(failures)} of {len(pipelines)} pipelines could not be saved; the first: {first['name']!r} of {first['application']!r}: {first['errorMsg']}"
    return run.failed(reason, context=told)


def _save(run: Run, definitions: Definitions, application: str, given: Json) -> tuple[Json, bool]:
    """What is stored, and whether this call, or the same made before, has created it."""
    part = f"{application}/{given['name']}"
    known = definitions.pipeline_named(application, given["name"])
    if known is not None:
        given = {**given, "id": known["id"]}
    elif given.get("id"):
        known = definitions.pipeline(str(given["id"]))
    stored = save(definitions, run, given, part, stale_check=False)
    return stored, known is None or stored["id"] == new_id(run, part)
