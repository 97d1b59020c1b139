"""Accepts the child pipelines that stages ask for, and tells the parents.

Separate from the owner because it reads definitions and writes to other shards; what dies in between is asked for again at the next
take-over: the child's id is derived, so it is one execution (rule 6).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

from msgspec.structs import replace

from gennaker.core.artifacts.resolve import matched_ids
from gennaker.core.artifacts.visible import visible
from gennaker.core.cloud.strategy import inherited
from gennaker.core.engine.apply import fold
from gennaker.core.engine.requests import accept_pipeline
from gennaker.core.errors import GennakerError, InvalidRequest, Unavailable
from gennaker.core.model import messages as m
from gennaker.core.model.ancestry import ancestors
from gennaker.core.model.events import ExecutionRequested
from gennaker.core.model.execution import Child, Execution
from gennaker.core.model.ids import shard_of
from gennaker.core.model.status import Status
from gennaker.core.runtime.bell import Bell
from gennaker.core.runtime.parent import parent_json
from gennaker.core.runtime.planning import Planning
from gennaker.core.runtime.prior import prior_artifacts
from gennaker.core.services import Artifacts, Definitions, Json
from gennaker.core.store import commands, executions
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database

_log = logging.getLogger("gennaker.engine")
#: Seconds before an acceptance is tried again.
BACKOFF_S = 1.0

Request = tuple[Execution, str]


class Children:
    """One thread per process that accepts children, one after another."""

    def __init__(
        self,
        database: Database,
        definitions: Definitions,
        bell: Bell,
        clock: Callable[[], int],
        artifacts: Artifacts | None = None,
    ) -> None:
        self._database = database
        self._definitions = definitions
        self._planning = Planning(definitions, artifacts)
        self._bell = bell
        self._clock = clock
        self._line: SimpleQueue[Request | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="children", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the current one; the rest is asked for again at the next take-over."""
        self._stopping.set()
        self._line.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def accept(self, requests: Iterable[Request]) -> None:
        """Accept these soon; never blocks."""
        for request in requests:
            self._line.put(request)

    def recover(self, warm: Iterable[Execution]) -> None:
        """Ask again for children that nobody has accepted yet."""
        for execution in warm:
            for id_ in execution.active:
                stage = execution.stages[id_]
                waits = stage.child is not None and stage.status is Status.RUNNING
                if waits and stage.child and stage.context.get("executionId") != stage.child.id:
                    self._line.put((execution, id_))

    def _run(self) -> None:
        while (request := self._line.get()) is not None and not self._stopping.is_set():
            while not self._stopping.is_set():
                try:
                    self._accept(*request)
                    break
                except Unavailable as error:
                    _log.warning("a child pipeline cannot be accepted yet: %s", error)
                    time.sleep(BACKOFF_S)
                except Exception:
                    _log.exception("a request of %s for a child pipeline is lost", request[0].id)
                    break

    def _accept(self, parent: Execution, stage_id: str) -> None:
        stage = parent.stages[stage_id]
        child = stage.child
        if child is None:
            return
        now = self._clock()
        try:
            self._begin(parent, stage_id, child, now)
        except Unavailable:
            raise
        except GennakerError as error:
            self._tell_refused(parent, stage_id, child, error.message, now)
        except Exception as error:
            _log.exception("a child pipeline of %s cannot be accepted", parent.id)
            reason = f"The engine failed on the child pipeline: {type(error).__name__}: {error}"
            self._tell_refused(parent, stage_id, child, reason, now)

    def _begin(self, parent: Execution, stage_id: str, child: Child, now: int) -> None:
        pipeline = self._find(child)
        event = self._request(parent, stage_id, child, pipeline, now)
        state = fold(None, (event,), now)
        begin = Told(execution=child.id, message=m.Begin(), id=f"{child.id}/begin")
        name = str(pipeline.get("name") or "")
        accepted = m.ChildAccepted(stage=stage_id, child=child.id, name=name)
        told = Told(execution=parent.id, message=accepted, id=f"{child.id}/accepted")

        def write(connection: Any) -> None:
            executions.accept(connection, state, (event,), keys=(), at=now, begin=begin)
            commands.put_all(connection, (told,), now)

        self._database.transact(write)
        self._ring(child.id, parent.id)

    def _find(self, child: Child) -> Json:
        found = self._definitions.pipeline(child.pipeline)
        if found is None and child.application:
            strategy = child.parameters.get("strategy") in (True, "true")
            found = self._definitions.pipeline_named(child.application, child.pipeline, strategy=strategy)
        if found is None:
            where = f" in application '{child.application}'" if child.application else ""
            raise InvalidRequest(f"There is no pipeline '{child.pipeline}'{where}.")
        if found.get("disabled"):
            raise InvalidRequest(f"Pipeline '{found.get('name')}' is disabled and cannot be started.")
        return found

    def _request(self, parent: Execution, stage_id: str, child: Child, pipeline: Json, now: int) -> ExecutionRequested:
        start = parent.start_time or 0
        received = _artifacts(parent, stage_id)
        pipeline = {**pipeline, "receivedArtifacts": received}
        trigger = {
            "type": "pipeline",
            "user": parent.user,
            "parameters": child.parameters,
            "parentExecution": parent_json(parent),
            "parentPipelineStageId": stage_id,
            "correlationId": f"{parent.id}_{stage_id}_{pipeline.get('id')}_{start}",
        }
        planned, _ = self._planning.or_failed(pipeline, trigger)
        planned = inherited(planned, child.parameters)
        trigger["expectedArtifactIds"] = _expected_ids(planned, parent, received)
        prior = prior_artifacts(self._database, planned, trigger)
        event = accept_pipeline(
            planned, trigger, id_=child.id, now=now, user=parent.user, origin=parent.origin, prior=prior
        )
        if child.detached:
            return event
        return replace(event, parent=parent.id, parent_stage=stage_id)

    def _tell_refused(self, parent: Execution, stage_id: str, child: Child, reason: str, now: int) -> None:
        ended = m.ChildEnded(stage=stage_id, child=child.id, status=Status.TERMINAL, reason=reason)
        told = Told(execution=parent.id, message=ended, id=f"{child.id}/refused")
        self._database.transact(lambda connection: commands.put_all(connection, (told,), now))
        self._ring(parent.id)

    def _ring(self, *ids: str) -> None:
        self._bell.stored({shard_of(id_, self._database.shards) for id_ in ids})


def _artifacts(parent: Execution, stage_id: str) -> list[Json]:
    """What a child receives: the artifacts that its parent's stage sees."""
    stage = parent.stages[stage_id]
    outputs = [each.outputs for each in (stage, *ancestors(parent, stage))]
    return visible(stage.context, outputs, parent.trigger)


def _expected_ids(pipeline: Json, parent: Execution, received: list[Json]) -> list[str]:
    """The expected artifacts of a child that matter: those that its trigger for this parent names, and those that something matches."""
    named = [
        str(id_)
        for trigger in pipeline.get("triggers") or ()
        if isinstance(trigger, dict) and trigger.get("type") == "pipeline"
        if trigger.get("pipeline") == parent.pipeline_config_id
        for id_ in trigger.get("expectedArtifactIds") or ()
    ]
    return list(dict.fromkeys([*named, *matched_ids(pipeline.get("expectedArtifacts"), received)]))
