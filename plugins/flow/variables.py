"""Stage types `evaluateVariables` and `evaluateArtifacts`: values that are worked out once, for the stages that follow.

Separate because the engine evaluates their lists in order before, each item with those before it; what is left is to hand them on.
Source: reference §5.1.
"""

from base64 import b64encode
from typing import Any

import msgspec

from gennaker.core.artifacts.artifact import distinct, normal
from gennaker.core.artifacts.produced import EXPECTED, bound
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.services import Json
from gennaker.core.stage import Outcome, Run, Stage, task


class EvaluateVariables(Stage, type="evaluateVariables", quick=True, sequential="variables"):
    """Give names to values, mostly of expressions; each sees those before it, and later stages see them all."""

    examples = ({"variables": [{"key": "version", "value": "1.2"}, {"key": "tags", "value": ["a", "b"]}]},)

    variables: list[Any] = field("variables", "each `{key, value}`; a value may be any JSON", default=[])

    @task(effect="none")
    def evaluate_variables(self, run: Run) -> Outcome:
        """Hand them on."""
        found: Json = {}
        for index, one in enumerate(self.variables):
            if not isinstance(one, dict):
                raise InvalidRequest(f"{_shown(one)} was given, expected {{key, value}}", f"variables[{index}]")
            if key := one.get("key"):
                found[str(key)] = one.get("value")
        kept = {key: value for key, value in found.items() if key != "variables"}
        return run.succeeded(context=kept, outputs=found)


class EvaluateArtifacts(Stage, type="evaluateArtifacts", sequential="artifactContents"):
    """Make artifacts whose content is written in the pipeline, mostly with expressions; then bind those that are expected."""

    examples = ({"artifactContents": [{"id": "1", "name": "values.yaml", "contents": "replicas: 2"}]},)

    contents: list[Any] = field(
        "artifactContents", "each `{id, name, contents}`; contents are text, or JSON", default=[]
    )
    expected: list[Any] = field("expectedArtifacts", EXPECTED, default=[])

    @task(effect="none")
    def evaluate_artifacts(self, run: Run) -> Outcome:
        """Make them; one without contents is left out."""
        found = []
        for index, one in enumerate(self.contents):
            if not isinstance(one, dict):
                text = f"{_shown(one)} was given, expected {{id, name, contents}}"
                raise InvalidRequest(text, f"artifactContents[{index}]")
            if one.get("contents") not in (None, ""):
                found.append(_embedded(one))
        return run.succeeded(outputs={"artifacts": found})

    @task(effect="none")
    def bind_produced_artifacts(self, run: Run) -> Outcome:
        """Bind what is expected; what was made stays among the outputs."""
        outcome = bound(run, self.expected)
        artifacts = outcome.outputs.get("artifacts")
        if not artifacts:
            return outcome
        made = [normal(one) for one in run.outputs.get("artifacts") or []]
        return run.succeeded(outputs={**outcome.outputs, "artifacts": distinct([*made, *artifacts])})


def _embedded(one: Json) -> Json:
    contents = one["contents"]
    data = contents.encode() if isinstance(contents, str) else msgspec.json.encode(contents)
    return {
        "type": "embedded/base64",
        "artifactAccount": "embedded-artifact",
        "name": str(one.get("name") or ""),
        "reference": b64encode(data).decode(),
    }


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
