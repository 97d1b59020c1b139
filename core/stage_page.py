"""The reference page of stage types, in Markdown, made from their declarations.

Separate because it only tells what `fields` and `stage` know: what is declared is what is documented.
"""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from gennaker.core.fields import Field, schema
from gennaker.core.model.stage_type import TaskType
from gennaker.core.stage import PHASES, Stage, key_of

_TITLE = """# Stage types

This page is made by `gennaker plugin reference`; do not edit it. Every stage also takes the fields that all stages have (`name`, `refId`,
`requisiteStageRefIds`, the failure options, `stageTimeoutMs`, …), and keeps fields that it does not know.
"""
_EFFECTS = {
    "none": "changes nothing outside",
    "idempotent": "may be repeated without harm",
    "token": "carries its effect key as a client token",
    "tagged": "finds what an earlier try made by its effect key",
    "at_least_once": "made at least once: again when it is not known whether it was made",
    "at_most_once": "made at most once: fails as *outcome unknown* when it is not known whether it was made",
}


def reference_page(stages: Iterable[type[Stage]]) -> str:
    """The page for these stage types, by plugin and name."""
    parts = [_TITLE]
    plugin = ""
    for stage in sorted(stages, key=lambda one: (one.plugin, key_of(one).lower())):
        if stage.plugin != plugin:
            plugin = stage.plugin
            parts.append(f"## Plugin `{plugin}`\n")
        parts.append(_section(stage))
    return "\n".join(parts)


def _section(stage: type[Stage]) -> str:
    lines = [f"### `{key_of(stage)}`", "", inspect.cleandoc(stage.__doc__ or ""), ""]
    if stage.fields:
        lines += ["| field | takes | default | |", "|---|---|---|---|", *map(_field, stage.fields), ""]
    lines += [f"- Task `{declared.name}`: {_task(declared)}." for declared, _ in stage.tasks.values()]
    facts = [f"plans stages ({phase})" for phase in PHASES if hasattr(stage, phase)]
    facts += ["cleans up when it is cancelled or fails"] if hasattr(stage, "cancel") else []
    facts += ["may be skipped by a person while it runs (`skippable: true`)"] if stage.skippable else []
    if stage.restart_clears:
        facts.append(f"a restart forgets {', '.join(f'`{key}`' for key in stage.restart_clears)}")
    lines += [f"- It {fact}." if not fact.startswith("a ") else f"- {fact[0].upper()}{fact[1:]}." for fact in facts]
    for example in stage.examples:
        text = msgspec.json.format(msgspec.json.encode({"type": stage.type, **example}), indent=2).decode()
        lines += ["", "```json", text, "```"]
    return "\n".join([*lines, ""])


def _field(declared: Field) -> str:
    default = "required" if declared.required else _code(declared.default)
    return f"| `{declared.name}` | {_takes(declared)} | {default} | {declared.description} |"


def _takes(declared: Field) -> str:
    shape: dict[str, Any] = schema((declared,))["properties"][declared.name]
    shapes = [one for one in shape.get("anyOf", [shape]) if one.get("type") != "null"]
    return " or ".join(dict.fromkeys(map(_shape, shapes)))


def _shape(shape: dict[str, Any]) -> str:
    if "enum" in shape:
        return ", ".join(f"`{choice}`" for choice in shape["enum"] if choice is not None)
    if shape.get("type") == "array":
        return f"list of {_shape(shape.get('items') or {})}"
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "object": "object"}
    text = words.get(shape.get("type", ""), "object" if "$ref" in shape else "anything")
    limits = [f"{sign} {shape[key]:g}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in shape]
    return " ".join([text, *limits])


def _code(default: Any) -> str:
    return "" if default in (None, "", [], {}) else f"`{msgspec.json.encode(default).decode()}`"


def _task(declared: TaskType) -> str:
    limit = "" if declared.timeout is None else f", fails after {_span(declared.timeout)}"
    limit += " unless `stageTimeoutMs` says otherwise" if limit and declared.overridable else ""
    return f"{_EFFECTS[declared.effect]}; one call has {declared.answer_by:g} s{limit}"


def _span(seconds: float) -> str:
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds / size
            return f"{count:g} {word}" + ("" if count == 1 else "s")
    return f"{seconds:g} s"
