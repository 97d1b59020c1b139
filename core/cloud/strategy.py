"""What the stages of a strategy's pipeline take from the deployment that runs it.

Separate because the stages of such a pipeline name no cloud of their own: they get it before they are routed. Source: reference engine §9.5.
"""

from typing import Any

Json = dict[str, Any]
#: What a stage gets when it says nothing itself.
_GIVEN = ("cloudProvider", "cluster", "credentials")
_PLACES = ("region", "zone", "namespace")
_OWN_PLACES = (*_PLACES, "regions", "zones", "namespaces", "availabilityZones")


def inherited(pipeline: Json, parameters: Json) -> Json:
    """The pipeline with cloud, cluster, account and region of the deployment in every stage; any other pipeline stays as it is."""
    stages = pipeline.get("stages")
    if parameters.get("strategy") not in (True, "true") or not isinstance(stages, list):
        return pipeline
    return {**pipeline, "stages": [_stage(one, parameters) if isinstance(one, dict) else one for one in stages]}


def _stage(stage: Json, parameters: Json) -> Json:
    given = {key: parameters[key] for key in _GIVEN if parameters.get(key) and not stage.get(key)}
    if not any(stage.get(key) for key in _OWN_PLACES):
        given |= {key: parameters[key] for key in _PLACES if parameters.get(key)}
    return {**stage, **given}
