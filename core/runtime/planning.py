"""Turns a pipeline that is made from a template into the plain one that runs; every other pipeline stays as it is.

Separate because all ways to start a pipeline ask here, and because it looks where the pure rules must not: into the store, and at
what artifacts name. A template that cannot be used is the caller's problem to tell, never a reason to try again.
"""

from typing import Any

from gennaker.config.problems import ConfigError
from gennaker.config.yaml_reader import read_text
from gennaker.core.errors import GennakerError, InvalidTemplate
from gennaker.core.expressions import evaluate
from gennaker.core.expressions.scope import Scope
from gennaker.core.services import Artifacts, Definitions, Json
from gennaker.core.templates import check_config, is_templated, plan, read_reference
from gennaker.core.templates.document import MOST_CHARACTERS
from gennaker.core.templates.reference import WHERE, artifact_of, is_stored


class Planning:
    """Plans pipelines with the templates of a store, or with artifacts."""

    def __init__(self, definitions: Definitions, artifacts: Artifacts | None = None) -> None:
        self._definitions = definitions
        self._artifacts = artifacts

    def planned(self, pipeline: Json, trigger: Json) -> Json:
        """The pipeline that runs. Raises InvalidTemplate with every problem, and Unavailable when the store cannot be read."""
        if not is_templated(pipeline):
            return pipeline
        if problems := check_config(pipeline):
            raise InvalidTemplate(tuple(str(each) for each in problems))
        return plan(pipeline, self._template(pipeline["template"], trigger))

    def or_failed(self, pipeline: Json, trigger: Json) -> tuple[Json, InvalidTemplate | None]:
        """The pipeline that runs; or one that is recorded as failed on startup, and why. Raises Unavailable."""
        try:
            return self.planned(pipeline, trigger), None
        except InvalidTemplate as problem:
            kept = ("id", "application", "name", "index", "executionId", "startTimeExpiry", "spelEvaluator")
            failed = {key: pipeline[key] for key in kept if key in pipeline}
            return {**failed, "stages": [], "errorMessage": str(problem)}, problem

    def _template(self, template: Json, trigger: Json) -> Json:
        reference = self._reference(template["reference"], trigger)
        if not is_stored(reference):
            return self._fetched(artifact_of(template, reference))
        try:
            wanted = read_reference(reference)
        except GennakerError as error:
            raise InvalidTemplate((str(error),)) from error
        tag = "" if wanted.digest else wanted.tag
        found = self._definitions.template(wanted.id, tag=tag, digest=wanted.digest)
        if found is None:
            raise InvalidTemplate((f"{WHERE}: there is no template {reference}",))
        return found

    def _reference(self, text: str, trigger: Json) -> str:
        """The reference, which may look into the trigger; what it finds there is data and is never looked into again."""
        root = {"trigger": trigger, "parameters": trigger.get("parameters") or {}}
        found = evaluate(text, Scope(root, strict=True))
        if found.failures or not isinstance(found.value, str):
            reason = found.failures[0].reason if found.failures else "it gives no text"
            raise InvalidTemplate((f"{WHERE}: {text!r} names no template: {reason}",))
        return found.value

    def _fetched(self, artifact: Json) -> Json:
        """The template that an artifact holds, as JSON or YAML."""
        reference = artifact["reference"]
        if self._artifacts is None:
            raise InvalidTemplate((f"{WHERE}: {reference} cannot be fetched: this process knows no artifacts",))
        try:
            content = self._artifacts.fetch(artifact)
            found: Any = read_text(content.decode(), reference, limit=MOST_CHARACTERS).value
        except GennakerError as error:
            raise InvalidTemplate((f"{WHERE}: {reference} cannot be fetched: {error}",)) from error
        except UnicodeDecodeError as error:
            raise InvalidTemplate((f"{WHERE}: {reference} is not UTF-8 text (byte {error.start})",)) from error
        except ConfigError as error:
            raise InvalidTemplate(tuple(str(each) for each in error.problems)) from error
        if not isinstance(found, dict):
            raise InvalidTemplate((f"{WHERE}: {reference} holds no template; expected an object",))
        return found
