"""What must hold in every simulated world, after each step and at the end."""

from typing import TYPE_CHECKING

from simulation.outside import TYPES

from gennaker.core.engine.apply import apply
from gennaker.core.engine.deadlines import due_at
from gennaker.core.engine.explain import explain
from gennaker.core.engine.shape import upstream
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution
from gennaker.core.model.status import Status
from gennaker.core.store.batch import Change

if TYPE_CHECKING:
    from simulation.world import World


def check_change(world: "World", change: Change) -> None:
    """Each fact is possible in the state that it meets, and the fold of the facts is the state that was decided."""
    log = world.store.logs.get(change.execution.id, ())
    state = world.warm.get(change.execution.id)
    if state is None or state.sequence != len(log):
        state = world.store.load(change.execution.id)
    if (state.sequence if state else 0) + len(change.events) != change.execution.sequence:
        return  # a second change of the same batch; the log as a whole is checked at the end
    for event in change.events:
        if state is not None:
            _check_event(state, event)
        state = apply(state, event, change.execution.stamp)
    assert state == change.execution, "the fold of the facts is not the state that was decided"


def _check_event(state: Execution, event: e.AnyEvent) -> None:
    stage_id = getattr(event, "stage", None)
    stage = state.stages.get(stage_id) if isinstance(stage_id, str) else None
    match event:
        case e.StageStarted():
            assert stage is not None
            assert stage.status is Status.NOT_STARTED or stage.phase == "evaluate", "a stage started twice"
            for other in upstream(state, stage):
                assert other.status.lets_downstream_start, f"{stage.ref_id} started before {other.ref_id} was done"
            assert not state.status.complete, "a stage started in an execution that has ended"
        case e.StageFinished():
            assert stage is not None
            assert not stage.status.complete, "a stage ended twice"
        case e.TaskFinished():
            assert stage is not None
            task = next(task for task in stage.tasks if task.name == event.task)
            assert stage.cleaning or not task.status.complete, "a task ended twice"
        case e.TaskHandedOut():
            assert stage is not None
            ended = state.status.complete and event.handout.kind != "cancel" and not event.handout.again
            assert not ended, "work was handed out for an execution that has ended"
        case e.ExecutionFinished():
            assert not state.status.complete, "an execution ended twice"
        case e.ExecutionStarted():
            assert state.status is Status.NOT_STARTED, "an execution started twice"


def check_waiting(world: "World", state: Execution) -> None:
    """Nothing waits without a deadline, unless for a person, a slot, a child or a stored message; and `why` always knows."""
    assert explain(state, world.now, TYPES).strip(), "a state without an explanation"
    if (state.status.complete and not state.active and not state.slot) or due_at(state, TYPES) is not None:
        return
    if any(row.execution == state.id for row in world.store.commands.values()):
        return
    if state.status is Status.PAUSED or state.slot == "waiting":
        return
    waits = [state.stages[id_] for id_ in state.active]
    assert waits, f"{state.id} is {state.status} and waits for nothing"
    for stage in waits:
        person = stage.type == "judge"
        kids = any(state.stages[id_].status is Status.RUNNING for id_ in stage.children)
        assert person or kids or stage.child is not None, f"stage {stage.ref_id} waits for nothing"


def check_end(world: "World") -> None:
    """Everything has ended, every place was given back, every effect was performed once and every repeat was marked."""
    assert not world.store.commands, "messages were left"
    for id_ in world.store.logs:
        state = world.store.load(id_)
        assert state is not None
        assert state.status.complete, f"{id_} is {state.status}: {explain(state, world.now, TYPES)}"
        assert not state.active, f"{id_} is still cleaning up: {explain(state, world.now, TYPES)}"
        assert not state.slot
        assert not state.locks, f"{id_} still holds {state.locks}"
        for stage in state.stages.values():
            assert stage.handout is None
            assert stage.status is not Status.RUNNING
    for slot in world.store.slots.values():
        assert slot.holders + slot.waiters == (), f"slot {slot.pipeline} is still held"
    assert not world.service.unmarked, f"repeats that were not marked: {world.service.unmarked}"


def check_limits(world: "World") -> None:
    """Never more than the limit of a pipeline run at once."""
    for slot in world.store.slots.values():
        assert len(slot.holders) <= slot.limit
    held = [key for state in world.warm.values() for key, lock in state.locks.items() if lock.held]
    assert len(held) == len(set(held)), "two executions hold one lock"
    for state in world.warm.values():
        for stage in state.stages.values():
            if stage.fan is not None and stage.fan.limit:
                running = sum(state.stages[id_].status is Status.RUNNING for id_ in stage.children)
                assert running <= stage.fan.limit, f"{running} copies of {stage.ref_id} run at once"
