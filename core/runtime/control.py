"""Everything that may be asked of the engine: each request is a row in one transaction, and then a nudge (rule 5).

Separate because it runs in any process, with the owner of the execution or without.
"""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet

from sqlalchemy import Connection

from gennaker.core.cloud.outlook import CloudOutlook
from gennaker.core.engine.apply import fold
from gennaker.core.engine.requests import accept_pipeline, accept_task, plan_pipeline
from gennaker.core.errors import InvalidRequest, InvalidTemplate, NotFound, Refused
from gennaker.core.model import messages as m
from gennaker.core.model.events import ExecutionRequested
from gennaker.core.model.ids import shard_of, ulid
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.outlook import outlook
from gennaker.core.runtime.bell import Bell
from gennaker.core.runtime.planning import Planning
from gennaker.core.runtime.prior import prior_artifacts
from gennaker.core.services import Artifacts, Definitions, Json
from gennaker.core.stage import Stage
from gennaker.core.store import commands, executions
from gennaker.core.store import keys as accepted
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database

#: Seconds to wait for a command to be handled. It is stored by then and has its effect in any case.
PATIENCE_S = 5.0
_LOOK_S = 0.1
_CORRELATION = "correlation:"


class SqlControl:
    """See `gennaker.core.services.Control`."""

    def __init__(
        self,
        database: Database,
        definitions: Definitions,
        bell: Bell,
        clock: Callable[[], int],
        types: Callable[[], StageTypes] = dict,
        artifacts: Artifacts | None = None,
        stages: Mapping[str, type[Stage]] | None = None,
    ) -> None:
        self._stages = stages or {}
        self._types = types
        self._database = database
        self._definitions = definitions
        self._planning = Planning(definitions, artifacts)
        self._bell = bell
        self._clock = clock

    def start(
        self, pipeline: Json, trigger: Json, *, user: str, origin: str = "unknown", key: str | None = None
    ) -> str:
        """See the interface. What cannot be made from its template is stored as failed, and then InvalidTemplate is raised."""
        now = self._clock()
        id_ = self._new_id(now, pipeline.get("executionId"))
        planned, problem = self._planning.or_failed(pipeline, trigger)
        prior = prior_artifacts(self._database, planned, trigger)
        event = accept_pipeline(planned, trigger, id_=id_, now=now, user=user, origin=origin, prior=prior)
        started = self._accept(event, self._keys(key, trigger, event.application), now)
        if problem is not None:
            raise problem
        return started

    def plan(self, pipeline: Json, trigger: Json, *, user: str) -> Json:
        """See the interface."""
        try:
            planned = self._planning.planned(pipeline, trigger)
        except InvalidTemplate as problem:
            as_given = {key: value for key, value in pipeline.items() if key != "plan"}
            return {**as_given, "trigger": trigger, "errors": list(problem.problems)}
        return plan_pipeline(planned, trigger, user, prior_artifacts(self._database, planned, trigger))

    def dry_run(self, pipeline: Json, trigger: Json, *, user: str) -> Json:
        """See the interface."""
        now = self._clock()
        planned = self._planning.planned(pipeline, trigger)
        prior = prior_artifacts(self._database, planned, trigger)
        event = accept_pipeline(planned, trigger, id_=self._new_id(now, None), now=now, user=user, prior=prior)
        execution = fold(None, (event,), now)
        types = self._types()
        return {
            "application": execution.application,
            "name": execution.name,
            "trigger": execution.trigger,
            "stages": outlook(execution, types, now, CloudOutlook(self._stages, types, execution.application)),
            "errors": [event.failure] if event.failure else [],
        }

    def start_stored(
        self,
        application: str,
        pipeline: str,
        trigger: Json,
        *,
        user: str,
        origin: str = "unknown",
        key: str | None = None,
    ) -> str:
        """See the interface. Raises NotFound; a disabled pipeline is Refused."""
        found = self._definitions.pipeline_named(application, pipeline) or self._definitions.pipeline(pipeline)
        if found is None or str(found.get("application", "")).lower() != application.lower():
            raise NotFound(f"Pipeline configuration not found (id: {pipeline})")
        if found.get("disabled"):
            raise Refused("Pipeline is disabled and cannot be started.")
        return self.start(found, trigger, user=user, origin=origin, key=key)

    def submit(self, task: Json, *, user: str, origin: str = "unknown", key: str | None = None) -> str:
        """See the interface."""
        now = self._clock()
        event = accept_task(task, id_=self._new_id(now, None), now=now, user=user, origin=origin)
        return self._accept(event, self._keys(key, event.trigger, event.application), now)

    def cancel(self, execution: str, *, user: str, reason: str | None = None) -> None:
        """See the interface. Raises NotFound, and yet what comes later under this id stays dead (rule 16)."""
        cancel = m.Cancel(id=self._command_id(), user=user, execution=execution, reason=reason)
        if self._exists(execution):
            self._command(execution, cancel)
        else:
            self._store(execution, cancel)
            raise NotFound(f"There is no execution {execution}; should it come, it stays cancelled.")

    def pause(self, execution: str, *, user: str) -> None:
        """See the interface."""
        self._require(execution)
        self._command(execution, m.Pause(id=self._command_id(), user=user))

    def resume(self, execution: str, *, user: str) -> None:
        """See the interface."""
        self._require(execution)
        self._command(execution, m.Resume(id=self._command_id(), user=user))

    def restart(
        self, execution: str, stage: str, *, user: str, seen: int | None = None, body: Json | None = None
    ) -> None:
        """See the interface. `body.stages` may carry new `preconditions` of stages, by refId (reference §2.1)."""
        with self._database.reading() as connection:
            known = executions.load(connection, execution)
        if known is None:
            raise NotFound(f"There is no execution {execution}.")
        given = (body or {}).get("stages") or ()
        new = {str(each.get("refId")): each["preconditions"] for each in given if "preconditions" in each}
        context = {each.id: {"preconditions": new[each.ref_id]} for each in known.top_level() if each.ref_id in new}
        restart = m.Restart(id=self._command_id(), user=user, stage=stage, seen=seen, context=context)
        self._command(execution, restart)

    def patch(self, execution: str, stage: str, context: Json, *, user: str) -> None:
        """See the interface."""
        if not isinstance(context, dict):
            raise InvalidRequest("expected an object of context values")
        self._require(execution)
        self._command(execution, m.Patch(id=self._command_id(), user=user, stage=stage, context=context))

    def delete(self, execution: str, *, user: str) -> None:
        """See the interface."""
        now = self._clock()
        self._database.transact(lambda connection: executions.delete(connection, execution, at=now))

    def _accept(self, event: ExecutionRequested, keys: tuple[str, ...], now: int) -> str:
        state = fold(None, (event,), now)
        begin = Told(execution=event.id, message=m.Begin(), id=f"{event.id}/begin")

        def write(connection: Connection) -> str | None:
            first = executions.accept(connection, state, (event,), keys=keys, at=now, begin=begin)
            over = tuple(key for key in keys if key.startswith(_CORRELATION))
            if first is None or not over or not _has_ended(connection, first):
                return first
            accepted.give_back(connection, over)
            return executions.accept(connection, state, (event,), keys=keys, at=now, begin=begin)

        first = self._database.transact(write)
        self._bell.stored((shard_of(event.id, self._database.shards),))
        return first or event.id

    def _keys(self, key: str | None, trigger: Json, application: str) -> tuple[str, ...]:
        """What makes two requests the same: the caller's key, and the correlation id while its execution goes on."""
        keys = [f"key:{key}"] if key else []
        correlation = trigger.get("correlationId")
        if isinstance(correlation, str) and correlation:
            keys.append(f"{_CORRELATION}{application}:{correlation}")
        return tuple(keys)

    def _new_id(self, now: int, wanted: object) -> str:
        return wanted if isinstance(wanted, str) and wanted else ulid(now, os.urandom(16))

    def _command_id(self) -> str:
        return ulid(self._clock(), os.urandom(16))

    def _exists(self, execution: str) -> bool:
        with self._database.reading() as connection:
            return bool(executions.statuses(connection, [execution]))

    def _require(self, execution: str) -> None:
        if not self._exists(execution):
            raise NotFound(f"There is no execution {execution}.")

    def _command(self, execution: str, message: m.Command) -> None:
        """Store a command and wait a little for its effect. Raises Refused with the engine's reason."""
        fate = self._bell.expect(message.id)
        try:
            self._store(execution, message)
            refused = self._wait(execution, message.id, fate)
        finally:
            self._bell.forget(message.id)
        if refused:
            raise Refused(refused)

    def _store(self, execution: str, message: m.Command) -> None:
        shard = shard_of(execution, self._database.shards)
        told = Told(execution=execution, message=message, id=message.id)  # type: ignore[arg-type]
        self._database.transact(lambda connection: commands.put(connection, told, shard, self._clock()))
        self._bell.stored((shard,))

    def _wait(self, execution: str, command: str, fate: "Future[str]") -> str:
        """The reason of a refusal, or the empty text; from the owner here, or from the state that another process wrote."""
        waited = 0.0
        while waited < PATIENCE_S:
            try:
                return fate.result(_LOOK_S)
            except NotYet:
                waited += _LOOK_S
            with self._database.reading() as connection:
                known = executions.load(connection, execution)
            if known is not None and command in known.handled:
                return known.handled[command]
        return ""


def _has_ended(connection: Connection, execution: str) -> bool:
    """Whether an execution is over, or gone."""
    found = executions.statuses(connection, [execution]).get(execution)
    return found is None or found[0].complete
