"""Helper functions that look at the execution: its stages, its user, what its deploy stages made, its artifacts.

Separate because they need the execution, and nothing from outside it. Source: reference §4.4.
"""

from typing import Any

from gennaker.core.expressions.arguments import described, listed, text_of
from gennaker.core.expressions.deployments import deployed, label, service_key
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.names import Names, names_of
from gennaker.core.expressions.scope import Bean, Function, Scope
from gennaker.core.model.execution import Stage

_MANY = 100


def stage(scope: Scope, name_or_id: Any) -> Bean:
    """The first stage with that name or id."""
    names = names_of(scope, "stage")
    wanted = text_of("stage", name_or_id)
    found = _find(names, wanted)
    if found is None:
        raise ExpressionError(f"no stage is named {wanted!r}; stages: {_stages(names)}")
    return names.beans.stage(found)


def stage_exists(scope: Scope, name_or_id: Any) -> bool:
    """Whether there is such a stage."""
    return _find(names_of(scope, "stageExists"), text_of("stageExists", name_or_id)) is not None


def stage_by_ref_id(scope: Scope, ref_id: Any) -> Bean:
    """The stage with that refId."""
    names = names_of(scope, "stageByRefId")
    wanted = text_of("stageByRefId", ref_id)
    found = next((one for one in names.beans.order if one.ref_id == wanted), None)
    if found is None:
        known = listed([f"{one.ref_id} ({one.name})" for one in names.beans.order])
        raise ExpressionError(f"no stage has the refId {wanted!r}; refIds: {known}")
    return names.beans.stage(found)


def current_stage(scope: Scope) -> Bean:
    """The stage that the expression belongs to."""
    names = names_of(scope, "currentStage")
    if names.stage is None:
        raise ExpressionError("#currentStage: no stage runs yet")
    return names.beans.stage(names.stage)


def current_user(scope: Scope) -> str:
    """Whom the execution runs as."""
    execution = names_of(scope, "currentUser").execution
    return str(execution.authentication.get("user") or execution.user or "anonymous")


def judgment(scope: Scope, name: Any) -> Any:
    """The choice that a person made in a judgment."""
    names = names_of(scope, "judgment")
    wanted = text_of("judgment", name)
    judged = [one for one in names.beans.order if one.type == "manualJudgment"]
    for one in judged:
        if one.name == wanted and one.context.get("judgmentInput") is not None:
            return one.context["judgmentInput"]
    known = listed([one.name for one in judged])
    raise ExpressionError(f"no manual judgment named {wanted!r} has a choice; manual judgments: {known}")


def server_groups(scope: Scope, *wanted: Any) -> list[dict[str, Any]]:
    """What deploy stages made."""
    texts = [text_of("deployedServerGroups", one) for one in wanted]
    return deployed(names_of(scope, "deployedServerGroups").beans.order, texts)


def manifest_label(scope: Scope, name: Any, kind: Any, key: Any) -> Any:
    """A label of the pods of a deployed manifest."""
    texts = [text_of("manifestLabelValue", one) for one in (name, kind, key)]
    return label(names_of(scope, "manifestLabelValue").beans.order, *texts)


def cloud_foundry_key(scope: Scope, name_or_id: Any) -> Any:
    """A service key of Cloud Foundry."""
    return service_key(names_of(scope, "cfServiceKey").beans.order, text_of("cfServiceKey", name_or_id))


def resolved_artifact(scope: Scope, name: Any) -> Any:
    """The artifact of that name that an expected artifact of the trigger was bound to."""
    return _bound(scope, "triggerResolvedArtifact", "name", name)


def resolved_artifact_by_type(scope: Scope, type_: Any) -> Any:
    """The same, by type."""
    return _bound(scope, "triggerResolvedArtifactByType", "type", type_)


def resolved_artifacts(scope: Scope) -> list[Any]:
    """The artifacts in the outputs of all stages."""
    found = [stage.outputs.get("artifacts") for stage in names_of(scope, "resolvedArtifacts").beans.order]
    return [one for artifacts in found if isinstance(artifacts, list) for one in artifacts]


def _bound(scope: Scope, function: str, key: str, value: Any) -> Any:
    wanted = text_of(function, value)
    expected = names_of(scope, function).execution.trigger.get("resolvedExpectedArtifacts")
    artifacts = [one.get("boundArtifact") for one in expected or () if isinstance(one, dict)]
    bound = [one for one in artifacts if isinstance(one, dict)]
    for one in bound:
        if one.get(key) == wanted:
            return one
    known = listed([str(one.get(key)) for one in bound])
    raise ExpressionError(f"no artifact that the trigger resolved has the {key} {described(wanted)}; {key}s: {known}")


def _find(names: Names, wanted: str) -> Stage | None:
    return next((one for one in names.beans.order if wanted in (one.name, one.id)), None)


def _stages(names: Names) -> str:
    return listed([one.name for one in names.beans.order])


STAGES = (
    Function(
        name="stage",
        signature="#stage(nameOrId)",
        least=1,
        call=stage,
        description="the first stage with that name or id; an error without one",
    ),
    Function(
        name="stageExists",
        signature="#stageExists(nameOrId)",
        least=1,
        call=stage_exists,
        description="whether there is such a stage",
    ),
    Function(
        name="stageByRefId",
        signature="#stageByRefId(refId)",
        least=1,
        call=stage_by_ref_id,
        description="the stage with that refId; an error without one",
    ),
    Function(
        name="currentStage",
        signature="#currentStage()",
        most=0,
        call=current_stage,
        description="the stage that the expression belongs to",
    ),
    Function(
        name="currentUser",
        signature="#currentUser()",
        most=0,
        call=current_user,
        description="the user whom the execution runs as, or `anonymous`",
    ),
    *(
        Function(
            name=name,
            signature=f"#{name}(stageName)",
            least=1,
            call=judgment,
            description="the choice made in the manual judgment of that name; an error without one",
        )
        for name in ("judgment", "judgement")
    ),
    Function(
        name="deployedServerGroups",
        signature="#deployedServerGroups(nameOrId…)",
        most=_MANY,
        call=server_groups,
        description="what deploy stages made: maps of account, region, serverGroup, …; of all stages when none is named",
    ),
    Function(
        name="manifestLabelValue",
        signature="#manifestLabelValue(stageName, kind, key)",
        least=3,
        most=3,
        call=manifest_label,
        description="a label of the pods of a Deployment or ReplicaSet that a stage deployed",
    ),
    Function(
        name="cfServiceKey",
        signature="#cfServiceKey(nameOrId)",
        least=1,
        call=cloud_foundry_key,
        description="the service key that a stage made, or an empty map",
    ),
    Function(
        name="triggerResolvedArtifact",
        signature="#triggerResolvedArtifact(name)",
        least=1,
        call=resolved_artifact,
        description="the artifact of that name that an expected artifact was bound to; an error without one",
    ),
    Function(
        name="triggerResolvedArtifactByType",
        signature="#triggerResolvedArtifactByType(type)",
        least=1,
        call=resolved_artifact_by_type,
        description="the same, by type",
    ),
    Function(
        name="resolvedArtifacts",
        signature="#resolvedArtifacts()",
        most=0,
        call=resolved_artifacts,
        description="the artifacts in the outputs of all stages",
    ),
)
