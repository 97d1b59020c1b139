"""Stages of a pipeline that no cloud here could run, told when it is saved or validated; it is saved all the same.

Separate from `core.check` because that knows no stage types: which clouds there are changes with the plugins that are loaded.
"""

from collections.abc import Iterator
from typing import Any

from gennaker.core.model.stage_type import StageTypes, find

Json = dict[str, Any]


def cloud_warnings(pipeline: Json, types: StageTypes) -> list[str]:
    """One sentence for each stage that would be refused, with its place."""
    stages = pipeline.get("stages")
    found = []
    for index, stage in enumerate(stages if isinstance(stages, list) else ()):
        if isinstance(stage, dict):
            found += [f"stages[{index}]{place}: {text}" for place, text in _of_stage(stage, types)]
    return list(dict.fromkeys(found))


def _of_stage(stage: Json, types: StageTypes) -> Iterator[tuple[str, str]]:
    type_ = stage.get("type")
    if not isinstance(type_, str):
        return
    clusters = stage.get("clusters")
    if type_ == "deploy" and isinstance(clusters, list):
        for index, cluster in enumerate(clusters):
            if isinstance(cluster, dict) and (text := _refused("createServerGroup", cluster, types)):
                yield f".clusters[{index}]", text
    elif text := _refused(type_, stage, types):
        yield "", text


def _refused(type_: str, context: Json, types: StageTypes) -> str:
    """Why a stage would not run; empty when it would, or when an expression says which cloud it is for."""
    found = find(types, type_, context)
    if found is not None:
        return f"this stage will be refused: {found.refusal}" if found.refusal else ""
    clouds = sorted(each.provider for each in types.values() if each.type == type_ and each.provider)
    provider = str(context.get("cloudProvider") or "aws")
    if not clouds or "${" in provider:
        return ""
    return f"there is no cloud {provider!r} now, which this stage is for; there is {', '.join(clouds)}"
