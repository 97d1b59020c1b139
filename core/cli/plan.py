"""What a run of a pipeline would do, shown before it happens."""

from typing import Any

import click
import msgspec

from gennaker.core.cli.client import Daemon
from gennaker.core.cli.output import chosen, dump, printable
from gennaker.core.services import Json

_LONGEST = 100
_COLOURS = {
    "runs": "green",
    "asks": "cyan",
    "skipped": "bright_black",
    "open": "yellow",
    "stops": "red",
    "fails": "red",
}


def show_plan(ctx: click.Context, client: Daemon, application: str, name: str, parameters: Json) -> bool:
    """Ask for the plan of a stored pipeline, by name or id, and print it; False when it could not even start."""
    body = {"type": "manual", "parameters": parameters}
    plan = client.call("POST", "pipelines", application, name, params={"plan": "true"}, body=body)
    if chosen(ctx) != "table":
        dump(ctx, plan)
    else:
        for line in _lines(plan):
            click.echo(line)
    return not plan["errors"]


def _lines(plan: Json) -> list[str]:
    lines = [printable(f"Cannot start: {error}") for error in plan["errors"]]
    lines += [
        printable(f"Artifact: {_artifact(each)}") for each in plan["trigger"].get("resolvedExpectedArtifacts") or ()
    ]
    for stage in plan["stages"]:
        outcome = stage["outcome"]
        why = f": {stage['why']}" if stage.get("why") else ""
        painted = click.style(outcome, fg=_COLOURS.get(outcome))
        place = printable(f"{stage['refId']:>3}  {stage['name']} ({stage['type']})")
        lines.append(f"{place}  {painted}{printable(why)}")
        lines += [printable(f"       {line}") for line in _details(stage)]
    lines.append("Nothing was started.")
    return lines


def _details(stage: Json) -> list[str]:
    lines = []
    if asks := stage.get("asks"):
        roles = asks.get("requiredJudgmentRoles") or asks.get("selectedStageRoles")
        lines.append(
            f"asks {', '.join(roles) if roles else 'anybody who may run it'}: {asks.get('instructions') or 'go on?'}"
        )
    if each := stage.get("forEach"):
        limit = f", {each['limit']} at once" if each["limit"] else ""
        lines.append(f"once for each of {len(each['items'])} items{limit}")
    if window := stage.get("window"):
        lines.append(f"waits for its execution window: {_short(window)}")
    for cloud in stage.get("clouds") or ():
        place = "/".join(str(part) for part in (cloud["cloudProvider"], cloud["account"], cloud["region"]) if part)
        lines += [f"{place}: {line}" for line in cloud["does"]]
    for one in stage.get("expressions") or ():
        value = f"= {_short(one['value'])}" if "value" in one else f"has no value: {one['reason']}"
        lines.append(f"{one['path']}: {_short(one['text'])} {value}")
    return lines


def _artifact(expected: Json) -> str:
    bound = expected.get("boundArtifact") or {}
    name = expected.get("displayName") or expected.get("id") or (expected.get("matchArtifact") or {}).get("name")
    return f"{name} is {bound.get('type')} {bound.get('reference') or bound.get('name')}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = text.replace("\n", "⏎")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
