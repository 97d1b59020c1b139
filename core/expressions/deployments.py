"""What deploy stages left behind: server groups, manifests, service keys.

Separate because these functions read what clouds wrote into the context of stages. Source: reference §4.4.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.model.execution import Stage
from gennaker.core.model.status import Status

_DEPLOYING = frozenset({"deploy", "createServerGroup", "cloneServerGroup", "rollingPush"})
_LABELLED = ("Deployment", "ReplicaSet")
_GROUPS = "deploy.server.groups"

Json = dict[str, Any]


def deployed(stages: Iterable[Stage], wanted: Sequence[str] = ()) -> list[Json]:
    """The server groups that the deploy stages with these names or ids made; of all of them when none is named."""
    return [
        found
        for stage in stages
        if stage.type in _DEPLOYING and stage.status is Status.SUCCEEDED and _GROUPS in stage.context
        if not wanted or stage.name in wanted or stage.id in wanted
        if (found := _deployment(stage.context)) is not None
    ]


def _deployment(context: Json) -> Json | None:
    region = context.get("region")
    zones = context.get("availabilityZones")
    if region is None and isinstance(zones, dict):
        region = next(iter(zones), None)
    if region is None:
        return None
    found: Json = {key: context.get(key) for key in ("account", "capacity", "parentStage")}
    found["region"] = region
    for details in _dicts(context.get("deploymentDetails")):
        if details.get("region") == region:
            found.update(details)
            break
    groups = context.get(_GROUPS)
    names = groups.get(region) if isinstance(groups, dict) else None
    if isinstance(names, list) and names:
        found["serverGroup"] = names[0]
    found["deployments"] = [
        deployment
        for task in _dicts(context.get("kato.tasks"))
        for result in _dicts(task.get("resultObjects"))
        for deployment in _dicts(result.get("deployments"))
    ]
    return found


def label(stages: Sequence[Stage], name: str, kind: str, key: str) -> Any:
    """A label of the pods of a manifest that a stage deployed. Raises ExpressionError."""
    if kind not in _LABELLED:
        raise ExpressionError(f"a manifest of kind {kind!r} has no pods' labels; expected {' or '.join(_LABELLED)}")
    done = [stage for stage in stages if stage.type == "deployManifest" and stage.status is Status.SUCCEEDED]
    stage = next((one for one in done if one.name == name), None)
    if stage is None:
        known = ", ".join(one.name for one in done) or "none"
        raise ExpressionError(f"no deployManifest stage named {name!r} has succeeded; those that have: {known}")
    manifests = list(_dicts(stage.context.get("outputs.manifests") or stage.outputs.get("outputs.manifests")))
    of_kind = [manifest for manifest in manifests if manifest.get("kind") == kind]
    if not of_kind:
        known = ", ".join(str(manifest.get("kind")) for manifest in manifests) or "none"
        raise ExpressionError(f"stage {name!r} has deployed no {kind}; kinds: {known}")
    labels: Any = of_kind[0]
    for step in ("spec", "template", "metadata", "labels"):
        labels = labels.get(step) if isinstance(labels, dict) else None
    if not isinstance(labels, dict) or key not in labels:
        known = ", ".join(labels) if isinstance(labels, dict) and labels else "none"
        raise ExpressionError(f"the {kind} of stage {name!r} has no label {key!r} on its pods; labels: {known}")
    return labels[key]


def service_key(stages: Iterable[Stage], name_or_id: str) -> Any:
    """The service key that a Cloud Foundry stage made; empty when there is none."""
    for stage in stages:
        if (
            stage.type == "createServiceKey"
            and stage.status is Status.SUCCEEDED
            and name_or_id in (stage.name, stage.id)
        ):
            return stage.context.get("serviceKey") or {}
    return {}


def _dicts(value: Any) -> Iterator[Json]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
