"""Which artifacts a stage sees, and which one an id means in it.

Separate because stages, the engine and expressions ask the same, each with what they have: outputs of the stages before, nearest first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gennaker.core.artifacts.artifact import distinct, normal, told
from gennaker.core.errors import InvalidRequest
from gennaker.core.model.execution import Execution

Json = dict[str, Any]


def visible(own: Mapping[str, Any], outputs: Iterable[Mapping[str, Any]], trigger: Mapping[str, Any]) -> list[Json]:
    """The artifacts that a stage sees, each once: of its own context, of its ancestors' outputs (nearest first), of the trigger."""
    return distinct(normal(one) for holder in (own, *outputs, trigger) for one in _listed(holder, "artifacts"))


def produced(execution: Execution) -> list[Json]:
    """The artifacts of an execution, as the next one of its pipeline may use them: of its stages, the last one first, then of its trigger."""
    stages = sorted(execution.stages.values(), key=lambda stage: stage.start_time or 0, reverse=True)
    return visible({}, (stage.outputs for stage in stages), execution.trigger)


def expected_by(own: Mapping[str, Any], outputs: Iterable[Mapping[str, Any]], trigger: Mapping[str, Any]) -> list[Json]:
    """The expected artifacts that are bound as a stage sees it: its own, its ancestors' (nearest first), the trigger's."""
    return [one for holder in (own, *outputs, trigger) for one in _listed(holder, "resolvedExpectedArtifacts")]


def artifact_for(id_: str | None, inline: Any, expected: Iterable[Json], *, account: str = "", where: str = "") -> Json:
    """The artifact that a stage works on: the one an expected artifact's id is bound to, or the one given inline when there is no id.

    `expected` is what `expected_by` gives; `account` is the stage's own choice, for an artifact that has none.
    Raises InvalidRequest when neither is there.
    """
    if not id_:
        if not inline:
            raise InvalidRequest("expected the id of an expected artifact, or an artifact; found neither", where)
        return _with_account(normal(inline, where or "artifact"), account)
    listed = []
    for one in expected:
        bound = one.get("boundArtifact")
        if one.get("id") == id_ and bound:
            match = one.get("matchArtifact") or {}
            return _with_account(normal(bound), str(match.get("artifactAccount") or account))
        listed.append(f"{one.get('id')} ({told(bound or {})})")
    there = ", ".join(listed[:10]) or "none"
    raise InvalidRequest(f"there is no bound artifact with the id {id_!r}; there are: {there}", where)


def _with_account(artifact: Json, account: str) -> Json:
    return artifact if artifact.get("artifactAccount") or not account else {**artifact, "artifactAccount": account}


def _listed(holder: Mapping[str, Any], key: str) -> list[Json]:
    value = holder.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list | tuple) else []
