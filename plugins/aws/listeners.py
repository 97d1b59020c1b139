"""Listeners and rules of application and network load balancers: what is missing is made, what differs is changed, the rest removed.

Separate because they are compared by port, and rules by priority.
"""

from collections.abc import Mapping

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import balancers
from gennaker.plugins.aws.balancing import whole
from gennaker.plugins.aws.marks import raised
from gennaker.plugins.aws.place import Json, Place

_MOST_PRIORITY = 50_000


def match(place: Place, balancer: Json, wanted: list[Json], arns: Mapping[str, str]) -> None:
    """Have exactly these listeners with these rules; `arns` are the target groups that are made along. Raises InvalidRequest."""
    name = balancer["LoadBalancerName"]
    asked = {}
    for index, told in enumerate(wanted):
        where = f"listeners[{index}]"
        port = whole(told.get("port"), f"{where}.port")
        asked[port] = (_listener(place, told, port, arns, where), _rules(place, told, arns, where))
    present = {one["Port"]: one for one in balancers.listeners(place, balancer)}
    for port in sorted(present.keys() - asked.keys()):
        what = f"listener {port} of {name}"
        place.attempt("elbv2", "delete_listener", what, ["ListenerNotFound"], ListenerArn=present[port]["ListenerArn"])
    for port, (listener, rules) in asked.items():
        what = f"listener {port} of {name}"
        if port in present:
            arn = present[port]["ListenerArn"]
            place.call("elbv2", "modify_listener", what, ListenerArn=arn, **listener)
        else:
            made = place.attempt(
                "elbv2",
                "create_listener",
                what,
                ["DuplicateListener"],
                LoadBalancerArn=balancer["LoadBalancerArn"],
                **listener,
            )
            if made is None:
                now = {one["Port"]: one for one in balancers.listeners(place, balancer)}
                arn = now[port]["ListenerArn"]
            else:
                arn = made["Listeners"][0]["ListenerArn"]
        _match_rules(place, what, arn, rules)


def _listener(place: Place, told: Json, port: int, arns: Mapping[str, str], where: str) -> Json:
    protocol = str(told.get("protocol") or "HTTP").upper()
    actions = told.get("defaultActions") or []
    if not actions:
        raise InvalidRequest("is missing; expected at least one action", f"{where}.defaultActions")
    found: Json = {
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": _actions(place, actions, arns, f"{where}.defaultActions"),
    }
    if certificates := told.get("certificates"):
        found["Certificates"] = [
            {"CertificateArn": one["certificateArn"] if isinstance(one, dict) else one} for one in certificates
        ]
    elif protocol in ("HTTPS", "TLS"):
        raise InvalidRequest(f"is missing; expected a certificate for {protocol}", f"{where}.certificates")
    if policy := told.get("sslPolicy"):
        found["SslPolicy"] = policy
    return found


def _actions(place: Place, actions: list[Json], arns: Mapping[str, str], where: str) -> list[Json]:
    found = []
    for order, told in enumerate(actions, 1):
        kind = str(told.get("type") or "forward")
        action: Json = {"Type": kind}
        if len(actions) > 1:
            action["Order"] = order
        if kind == "forward":
            name = str(told.get("targetGroupName") or "")
            if not name:
                raise InvalidRequest("is missing; expected a target group", f"{where}[{order - 1}].targetGroupName")
            action["TargetGroupArn"] = arns.get(name) or balancers.target_arns(place, [name])[0]
        elif kind == "redirect":
            action["RedirectConfig"] = raised(told.get("redirectActionConfig") or {})
        elif kind == "authenticate-oidc":
            action["AuthenticateOidcConfig"] = raised(told.get("authenticateOidcActionConfig") or {})
        elif kind == "fixed-response":
            action["FixedResponseConfig"] = raised(told.get("fixedResponseActionConfig") or {})
        else:
            raise InvalidRequest(
                f"{kind!r} was given; expected forward, redirect, authenticate-oidc or fixed-response",
                f"{where}[{order - 1}].type",
            )
        found.append(action)
    return found


def _rules(place: Place, told: Json, arns: Mapping[str, str], where: str) -> dict[str, Json]:
    """Rules by priority; the default rule is the listener's own."""
    found: dict[str, Json] = {}
    for index, rule in enumerate(told.get("rules") or ()):
        at = f"{where}.rules[{index}]"
        if rule.get("default") or rule.get("isDefault") or rule.get("priority") == "default":
            continue
        priority = str(whole(rule.get("priority"), f"{at}.priority", 1, _MOST_PRIORITY))
        conditions = [
            {"Field": str(one.get("field")), "Values": [str(value) for value in one.get("values") or ()]}
            for one in rule.get("conditions") or ()
        ]
        if not conditions:
            raise InvalidRequest("is missing; expected at least one condition", f"{at}.conditions")
        actions = _actions(place, rule.get("actions") or [], arns, f"{at}.actions")
        if not actions:
            raise InvalidRequest("is missing; expected at least one action", f"{at}.actions")
        found[priority] = {"Conditions": conditions, "Actions": actions}
    return found


def _match_rules(place: Place, what: str, arn: str, wanted: Mapping[str, Json]) -> None:
    told = place.pages("elbv2", "describe_rules", "Rules", what, ListenerArn=arn)
    present = {str(one["Priority"]): one["RuleArn"] for one in told if not one.get("IsDefault")}
    for priority in sorted(present.keys() - wanted.keys()):
        place.attempt("elbv2", "delete_rule", what, ["RuleNotFound"], RuleArn=present[priority])
    for priority, rule in wanted.items():
        if priority in present:
            place.call("elbv2", "modify_rule", what, RuleArn=present[priority], **rule)
        else:
            place.attempt(
                "elbv2", "create_rule", what, ["PriorityInUse"], ListenerArn=arn, Priority=int(priority), **rule
            )
