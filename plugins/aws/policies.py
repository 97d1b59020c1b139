"""Scaling policies of server groups, with the alarms that set them off.

Separate because a policy is made for a group, copied to its successor and removed with it. AWS makes the alarms of target tracking itself.
"""

from typing import Any

from gennaker.core.cloud.provider import Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.marks import chunks, digest, key_value, own_tags, raised, tag_list
from gennaker.plugins.aws.place import Json, Place

_TRACKING = "TargetTrackingScaling"
#: Of a policy's description, what makes the same policy elsewhere.
_POLICY = (
    "PolicyType",
    "AdjustmentType",
    "MinAdjustmentMagnitude",
    "ScalingAdjustment",
    "Cooldown",
    "StepAdjustments",
    "MetricAggregationType",
    "EstimatedInstanceWarmup",
    "TargetTrackingConfiguration",
    "PredictiveScalingConfiguration",
    "Enabled",
)
_ALARM = (
    "AlarmDescription",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
)


def upsert(place: Place, group: str, wanted: Json, operation: Operation) -> str:
    """Create or change a policy from Spinnaker's `upsertScalingPolicy`; its name. Raises InvalidRequest."""
    kinds = [kind for kind in ("simple", "step", "targetTrackingConfiguration") if wanted.get(kind)]
    if len(kinds) != 1:
        raise InvalidRequest(
            f"{', '.join(kinds) or 'none'} was given; expected one of simple, step, targetTrackingConfiguration",
            "scalingPolicy",
        )
    name = str(wanted.get("name") or f"{group}-policy-{digest(key_value(operation))[:12]}")
    policy: Json = {"simple": _simple, "step": _step, "targetTrackingConfiguration": _tracking}[kinds[0]](wanted)
    arn = _put(place, group, name, policy)
    if (alarm := wanted.get("alarm")) and kinds[0] != "targetTrackingConfiguration":
        _alarm(place, group, str(alarm.get("name") or f"{name}-alarm"), raised(alarm), arn, operation)
    return name


def remove(place: Place, group: str, name: str) -> None:
    """Remove a policy and the alarms that only it has; one that is not there is fine."""
    for policy in of(place, group, name):
        drop_alarms(place, group, [policy])
        place.attempt(
            "autoscaling",
            "delete_policy",
            f"scaling policy {name} of {group}",
            ["ValidationError"],
            AutoScalingGroupName=group,
            PolicyName=name,
        )


def of(place: Place, group: str, name: str = "") -> list[Json]:
    """The policies of a group, or the one with a name."""
    found = place.pages(
        "autoscaling", "describe_policies", "ScalingPolicies", f"server group {group}", AutoScalingGroupName=group
    )
    return [one for one in found if name in ("", one["PolicyName"])]


def drop_alarms(place: Place, group: str, found: list[Json]) -> None:
    """Remove the alarms of policies that act for no other group."""
    arns = {one["PolicyARN"] for one in found if one.get("PolicyARN")}
    own = {
        alarm["AlarmName"]
        for one in found
        for alarm in _alarms(place, one)
        if set(alarm.get("AlarmActions", ())) <= arns and not alarm.get("OKActions")
    }
    for part in chunks(sorted(own), 100):
        place.call("cloudwatch", "delete_alarms", f"alarms of {group}", AlarmNames=part)


def copy_policies(source: Place, place: Place, old: str, name: str, key: str) -> None:
    """Give a group the policies of another, with alarms of its own."""
    for policy in of(source, old):
        title = policy["PolicyName"].replace(old, name)
        kept = {one: policy[one] for one in _POLICY if policy.get(one) not in (None, [], {})}
        if kept.get("PolicyType") != "SimpleScaling":
            kept.pop("Cooldown", None)
        arn = _put(place, name, title, kept)
        for alarm in _alarms(source, policy):
            told = alarm["AlarmName"]
            renamed = told.replace(old, name) if old in told else f"{name}-{told}"
            _alarm(place, name, renamed[:255], {**alarm, "Old": old}, arn, Operation(key=key))


def _simple(wanted: Json) -> Json:
    simple = wanted["simple"]
    return {
        **_common(wanted),
        "PolicyType": "SimpleScaling",
        "Cooldown": int(simple.get("cooldown") or 600),
        "ScalingAdjustment": int(simple.get("scalingAdjustment") or 0),
    }


def _step(wanted: Json) -> Json:
    step = wanted["step"]
    warm = step.get("estimatedInstanceWarmup") or wanted.get("estimatedInstanceWarmup")
    found = {
        **_common(wanted),
        "PolicyType": "StepScaling",
        "StepAdjustments": raised(step.get("stepAdjustments") or []),
        "MetricAggregationType": step.get("metricAggregationType") or "Average",
    }
    return found | ({"EstimatedInstanceWarmup": int(warm)} if warm else {})


def _tracking(wanted: Json) -> Json:
    found: Json = {
        "PolicyType": _TRACKING,
        "TargetTrackingConfiguration": raised(wanted["targetTrackingConfiguration"]),
    }
    warm = wanted.get("estimatedInstanceWarmup")
    return found | ({"EstimatedInstanceWarmup": int(warm)} if warm else {})


def _common(wanted: Json) -> Json:
    found: Json = {"AdjustmentType": wanted.get("adjustmentType") or "ChangeInCapacity"}
    if least := wanted.get("minAdjustmentMagnitude"):
        found["MinAdjustmentMagnitude"] = int(least)
    return found


def _put(place: Place, group: str, name: str, policy: Json) -> str:
    """Set a policy; its ARN."""
    answer = place.call(
        "autoscaling",
        "put_scaling_policy",
        f"scaling policy {name} of {group}",
        AutoScalingGroupName=group,
        PolicyName=name,
        **policy,
    )
    if arn := answer.get("PolicyARN"):
        return str(arn)
    return next((str(one["PolicyARN"]) for one in of(place, group, name)), "")


def _alarm(place: Place, group: str, name: str, told: Json, arn: str, operation: Operation) -> None:
    """Set an alarm that sets off a policy of a group; the group stands in its dimensions."""
    kept: dict[str, Any] = {one: told[one] for one in _ALARM if told.get(one) not in (None, [])}
    if "Metrics" not in kept:
        old = told.get("Old")
        given = told.get("Dimensions") or [{"Name": "AutoScalingGroupName", "Value": group}]
        kept["Dimensions"] = [
            {"Name": one["Name"], "Value": group if old and one["Value"] == old else one["Value"]} for one in given
        ]
        kept.setdefault("Statistic" if "ExtendedStatistic" not in kept else "ExtendedStatistic", "Average")
        kept.setdefault("EvaluationPeriods", 1)
        kept.setdefault("Period", 60)
    what = f"alarm {name} of {group}"
    tags = tag_list(own_tags(operation))
    place.call("cloudwatch", "put_metric_alarm", what, AlarmName=name, AlarmActions=[arn], Tags=tags, **kept)


def _alarms(place: Place, policy: Json) -> list[Json]:
    """The alarms that set off a policy, but for those that AWS keeps itself."""
    arn = policy.get("PolicyARN")
    if not arn or policy.get("PolicyType") == _TRACKING:
        return []
    found = place.pages("cloudwatch", "describe_alarms", "MetricAlarms", "alarms", ActionPrefix=arn)
    return [one for one in found if arn in one.get("AlarmActions", ())]
