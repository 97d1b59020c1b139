"""An execution to ask about, and the helper functions as an expression calls them."""

from typing import Any

import pytest

from gennaker.core.expressions.functions import STANDARD
from gennaker.core.expressions.roots import scope_for
from gennaker.core.expressions.scope import Scope
from gennaker.core.model.execution import Execution, Stage, Task
from gennaker.core.model.status import Status

_MANIFEST = {"kind": "Deployment", "spec": {"template": {"metadata": {"labels": {"app": "shop", "version": "7"}}}}}
_DEPLOYED = {
    "account": "prod",
    "capacity": {"desired": 2},
    "region": "eu-1",
    "deploy.server.groups": {"eu-1": ["shop-v001", "shop-v000"]},
    "deploymentDetails": [{"region": "us-1", "ami": "no"}, {"region": "eu-1", "ami": "ami-1"}],
    "kato.tasks": [
        {"resultObjects": [{"deployments": [{"id": "d1"}]}, {}]},
        {"resultObjects": [{"deployments": [{"id": "d2"}]}]},
    ],
}


def stage(ref: str, type_: str, name: str, **more: Any) -> Stage:
    """A stage that has succeeded, after the one whose refId is one less."""
    before = (str(int(ref) - 1),) if ref.isdigit() and int(ref) > 1 else ()
    return Stage(
        **{
            "id": f"S{ref}",
            "ref_id": ref,
            "type": type_,
            "name": name,
            "requisites": before,
            "status": Status.SUCCEEDED,
            **more,
        }
    )


def story() -> Execution:
    """Build, judge, bake, deploy in three ways, verify."""
    stages = [
        stage("1", "jenkins", "Build", outputs={"version": "1.2", "artifacts": [{"name": "a"}]}),
        stage("2", "manualJudgment", "Ask", context={"judgmentInput": "to all"}),
        stage("3", "bake", "Bake image", outputs={"version": "1.3", "artifacts": [{"name": "b"}]}, tasks=(Task(name="go", status=Status.SUCCEEDED),)),
        stage("4", "deploy", "Deploy", context=_DEPLOYED, children=("S4<1",)),
        stage("4<1", "wait", "Breathe", parent="S4", owner="STAGE_BEFORE", part="before", context={"waitTime": 5}),
        stage("5", "cloneServerGroup", "Clone", context={"availabilityZones": {"us-1": []}, "deploy.server.groups": {"us-1": ["shop-v002"]}}),
        stage("6", "deploy", "Broken", status=Status.FAILED_CONTINUE, context=_DEPLOYED),
        stage("7", "deployManifest", "Apply", context={"outputs.manifests": [{"kind": "Service"}, _MANIFEST]}),
        stage("8", "createServiceKey", "Key", context={"serviceKey": {"user": "u"}}),
        stage("9", "manualJudgment", "Silent", context={}),
        stage("10", "wait", "Verify", status=Status.RUNNING, context={"color": "blue", "trigger": "hidden"}),
    ]  # fmt: skip
    return Execution(
        id="E",
        application="shop",
        name="ship",
        status=Status.RUNNING,
        user="ann",
        pipeline_config_id="P",
        stages={one.id: one for one in stages},
        trigger={
            "type": "manual",
            "parameters": {"env": "prod"},
            "buildInfo": {"scm": [{"branch": "master", "sha1": "1"}, {"branch": "feature", "sha1": "2"}]},
            "resolvedExpectedArtifacts": [
                {"id": "x"},
                {"id": "y", "boundArtifact": {"name": "image", "type": "docker/image", "reference": "r1"}},
                {"id": "z", "boundArtifact": {"name": "chart", "type": "helm/chart", "reference": "r2"}},
            ],
        },
    )


class Caller:
    """Calls functions within one stage of the story."""

    def __init__(self) -> None:
        self.execution = story()
        self.values: dict[str, Any] = {}
        self.at = "S10"

    def scope(self) -> Scope:
        """What its expressions see."""
        return scope_for(self.execution, self.execution.stages[self.at], now=1, values=self.values)

    def __call__(self, function: str, *arguments: Any) -> Any:
        call = STANDARD[function].call
        assert call is not None
        return call(self.scope(), *arguments)


@pytest.fixture
def call() -> Caller:
    return Caller()
