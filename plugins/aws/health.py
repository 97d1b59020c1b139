"""What EC2, classic load balancers and target groups say of instances, in our states. Source: reference clouds §2.2.

Separate because it is pure tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gennaker.core.cloud.model import Health, State

PLATFORM = "Amazon"
_MACHINE: dict[str, State] = {"running": "Unknown", "pending": "Starting"}
_TARGET: dict[str, State] = {
    "healthy": "Up",
    "initial": "Starting",
    "unhealthy": "Down",
    "unhealthy.draining": "Draining",
    "draining": "Draining",
    "unused": "OutOfService",
}
#: The worst of several wins.
_ORDER: tuple[State, ...] = ("Starting", "Down", "OutOfService", "Draining", "Unknown")


def of_machine(state: str) -> Health:
    """EC2 knows that an instance runs, not that it serves; every other state than running or pending is an end."""
    return Health(type=PLATFORM, state=_MACHINE.get(state, "Down"), platform=True, extra={"healthClass": "platform"})


def of_classic(found: Sequence[tuple[str, Mapping[str, Any]]]) -> Health:
    """Classic load balancers, each with its name."""
    told = [
        {
            "name": name,
            "loadBalancerName": name,
            "instanceId": one.get("InstanceId"),
            "state": one.get("State"),
            "reasonCode": one.get("ReasonCode"),
            "description": one.get("Description"),
            "healthState": classic_state(one),
        }
        for name, one in found
    ]
    return Health(
        type="LoadBalancer", state=worst(classic_state(one) for _, one in found), extra={"loadBalancers": told}
    )


def of_targets(found: Sequence[tuple[str, Mapping[str, Any]]]) -> Health:
    """Target groups, each with its name."""
    told = [
        {
            "name": name,
            "targetGroupName": name,
            "state": one.get("State"),
            "reasonCode": one.get("Reason"),
            "description": one.get("Description"),
            "healthState": target_state(one),
        }
        for name, one in found
    ]
    return Health(type="TargetGroup", state=worst(target_state(one) for _, one in found), extra={"targetGroups": told})


def classic_state(told: Mapping[str, Any]) -> State:
    """One instance at one classic load balancer."""
    if told.get("State") == "InService":
        return "Up"
    if told.get("State") != "OutOfService":
        return "Unknown"
    return "Starting" if "registration is still in progress" in str(told.get("Description")) else "Down"


def target_state(told: Mapping[str, Any]) -> State:
    """One target of one target group."""
    return _TARGET.get(str(told.get("State")), "Unknown")


def worst(states: Iterable[State]) -> State:
    """One word for several balancers: it is up when all say so."""
    found = set(states)
    return next((state for state in _ORDER if state in found), "Up")
