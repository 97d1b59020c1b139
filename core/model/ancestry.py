"""What comes before a stage and what belongs to it, and in which order an execution's stages are told.

Separate from the engine because expressions, views and workers' hand-outs ask the same.
"""

from collections.abc import Iterator
from typing import Any

from gennaker.core.model.execution import Execution, Phase, Stage


def children(execution: Execution, stage: Stage, part: Phase | None) -> list[Stage]:
    """The synthetic stages of one phase of a stage, in order."""
    return [child for id_ in stage.children if (child := execution.stages[id_]).part == part]


def upstream(execution: Execution, stage: Stage) -> list[Stage]:
    """The stages that a stage requires and that exist."""
    if not stage.requisites:
        return []
    wanted = set(stage.requisites)
    parent = stage.parent
    among = execution.stages.values() if parent is None else children(execution, execution.stages[parent], stage.part)
    return [other for other in among if other.ref_id in wanted and other.parent == parent and other.id != stage.id]


def ancestors(execution: Execution, stage: Stage) -> list[Stage]:
    """The stages whose outputs a stage sees, nearest first, itself left out (Spinnaker's ancestor order)."""
    found: dict[str, Stage] = {}
    queue = [stage]
    while queue:
        current = queue.pop(0)
        near = upstream(execution, current)
        if current.parent is not None:
            parent = execution.stages[current.parent]
            if current.owner == "STAGE_AFTER":
                near += [s for id_ in parent.children if (s := execution.stages[id_]).owner == "STAGE_BEFORE"]
            near.append(parent)
        for other in near:
            if other.id not in found and other.id != stage.id:
                found[other.id] = other
                if other.id != current.parent:
                    found.update((id_, execution.stages[id_]) for id_ in other.children if id_ != stage.id)
                queue.append(other)
    return list(found.values())


def top_of(execution: Execution, stage: Stage) -> Stage:
    """The pipeline's own stage that a stage belongs to: itself, or what planned it, or what planned that."""
    while stage.parent is not None:
        stage = execution.stages[stage.parent]
    return stage


def in_order(execution: Execution, stages: list[Stage]) -> Iterator[Stage]:
    """Each stage with its before-stages in front of it and its after-stages behind it."""
    for stage in stages:
        if not stage.children:
            yield stage
            continue
        own = [execution.stages[id_] for id_ in stage.children if id_ in execution.stages]
        yield from in_order(execution, [child for child in own if child.owner == "STAGE_BEFORE"])
        yield stage
        yield from in_order(execution, [child for child in own if child.owner != "STAGE_BEFORE"])


def execution_context(execution: Execution) -> dict[str, Any]:
    """The outputs of all top-level stages merged, a later one over an earlier; two lists under one key are joined (reference §1.4)."""
    merged: dict[str, Any] = {}
    for stage in sorted(execution.top_level(), key=lambda each: each.end_time or 0):
        for key, value in stage.outputs.items():
            known = merged.get(key)
            if isinstance(known, list) and isinstance(value, list):
                value = known + [item for item in value if item not in known]
            merged[key] = value
    return merged


def root_id(execution: Execution) -> str:
    """The id of the execution that began it all: its own when nothing started it."""
    above = execution.trigger.get("parentExecution")
    if isinstance(above, dict) and (root := above.get("rootId") or above.get("id")):
        return str(root)
    return execution.parent or execution.id
