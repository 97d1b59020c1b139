"""What a committed batch sends out: facts for subscribers, work for workers.

Separate because it is built from states and events only; the relay knows how it travels.
"""

from collections.abc import Callable, Iterable
from typing import get_args

import msgspec

from gennaker.bus.event import Event
from gennaker.core.engine.work import carrier, work_for
from gennaker.core.model.events import AnyEvent, TaskHandedOut
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.work import WORK_TYPE
from gennaker.core.store.batch import Change
from gennaker.core.store.entries import Entry

_encoder = msgspec.json.Encoder()
_raw = msgspec.json.Decoder(list[msgspec.Raw])

#: Every fact of an execution, with its CloudEvent type.
_TYPES: dict[type, str] = {kind: kind.__struct_config__.tag for kind in get_args(AnyEvent)}

Work = list[tuple[str, list[Event]]]


class _Named(msgspec.Struct):
    type: str


_type_of = msgspec.json.Decoder(_Named)


def facts(changes: Iterable[Change], wants: Callable[[str], bool] = lambda _: True) -> list[Event]:
    """The events of changes that may have a reader (`Transport.wants`), one CloudEvent each."""
    wanted = {kind for kind, type_ in _TYPES.items() if wants(type_)}
    if not wanted:
        return []
    return [
        fact(change.execution.id, change.execution.sequence - len(change.events) + 1 + i, change, event)
        for change in changes
        for i, event in enumerate(change.events)
        if type(event) in wanted
    ]


def fact(subject: str, sequence: int, change: Change, event: AnyEvent) -> Event:
    """One event as subscribers get it."""
    extensions = {"application": change.execution.application, "sequence": str(sequence)}
    if change.cause:
        extensions["cause"] = change.cause
    return Event(
        id=f"{subject}:{sequence}",
        type=_TYPES[type(event)],
        source="gennaker",
        subject=subject,
        time=change.execution.stamp,
        data=_encoder.encode(event),
        extensions=extensions,
    )


def facts_of(entries: Iterable[Entry], wants: Callable[[str], bool] = lambda _: True) -> list[Event]:
    """The same of entries as they stand in the log: what others appended, or was not confirmed before a take-over."""
    found = []
    for entry in entries:
        for i, raw in enumerate(_raw.decode(entry.body)):
            type_ = _type_of.decode(raw).type
            if not wants(type_):
                continue
            found.append(
                Event(
                    id=f"{entry.execution}:{entry.sequence + i}",
                    type=type_,
                    source="gennaker",
                    subject=entry.execution,
                    time=entry.at,
                    data=bytes(raw),
                    extensions={"application": entry.application, "sequence": str(entry.sequence + i)},
                )
            )
    return found


def handed_out(changes: Iterable[Change]) -> dict[tuple[str, str], None]:
    """(execution, stage) of every hand-out among the changes, in order."""
    return {
        (change.execution.id, event.stage): None
        for change in changes
        for event in change.events
        if isinstance(event, TaskHandedOut)
    }


def work(
    wanted: Iterable[tuple[str, str]],
    states: dict[str, Execution],
    types: StageTypes,
    shard: int,
    *,
    again: bool = False,
) -> Work:
    """The work that is still owed for hand-outs, by queue: quick types in one envelope, others one by one (rule 12)."""
    quick: dict[str, list[Event]] = {}
    out: Work = []
    for execution_id, stage_id in wanted:
        execution = states.get(execution_id)
        stage = execution.stages.get(stage_id) if execution else None
        if execution is None or stage is None or stage.handout is None:
            continue
        type_ = carrier(types, stage)
        if type_ is None:
            continue
        body = work_for(execution, stage, type_, shard, again=again)
        event = Event(
            id=f"{body.key}/{body.kind}/{body.attempt}/{stage.handout.sends}",
            type=WORK_TYPE,
            source=f"gennaker/engine/{shard}",
            subject=execution_id,
            time=execution.stamp,
            data=_encoder.encode(body),
        )
        if not type_.quick:
            out.append((type_.queue, [event]))
        elif type_.queue in quick:
            quick[type_.queue].append(event)
        else:
            quick[type_.queue] = [event]
            out.append((type_.queue, quick[type_.queue]))
    return out


def outstanding(states: Iterable[Execution]) -> list[tuple[str, str]]:
    """(execution, stage) of every hand-out that has no answer yet."""
    return [
        (execution.id, id_)
        for execution in states
        for id_ in execution.active
        if execution.stages[id_].handout is not None
    ]
