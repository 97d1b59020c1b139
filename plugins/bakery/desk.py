"""Bakes by request, and what became of any bake: all of it read from executions and their log, which are the only memory.

Separate because it runs where the API is, and builds nothing.
"""

from typing import TypeVar

import msgspec

from gennaker.core.errors import InvalidRequest, NotFound, Unavailable
from gennaker.core.model.events import TaskProgressed
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.status import Status
from gennaker.core.services import Control, Executions, Json, Search, Services
from gennaker.plugins.bakery.bases import options, options_of
from gennaker.plugins.bakery.request import CLIENT_KEYS, plan, read
from gennaker.plugins.bakery.settings import Settings

T = TypeVar("T")
#: The application that requests belong to.
APPLICATION = "bakery"
_RUNNING = (Status.NOT_STARTED, Status.RUNNING, Status.PAUSED)
_MOST_RUNNING = 500
_progressed = msgspec.json.Decoder(TaskProgressed)


class Desk:
    """See `gennaker.core.bakery.Bakery`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings: Settings = services.settings

    def options(self) -> list[Json]:
        """See the interface."""
        return options(self._settings)

    def options_of(self, provider: str) -> Json:
        """See the interface."""
        return options_of(self._settings, provider)

    def start(self, region: str, request: Json, *, rebake: bool, user: str) -> Json:
        """See the interface."""
        if not isinstance(request, dict):
            raise InvalidRequest(f"expected an object, found {type(request).__name__}", "body")
        context = {ours: request[theirs] for theirs, ours in CLIENT_KEYS.items() if theirs in request}
        wanted = plan(read({**context, "region": region}, {}), self._settings)
        same = f"bake {wanted.request.provider} {wanted.digest}"
        if rebake:
            self._end_running(same, user)
        suffix = wanted.request.ami_suffix or str(self._services.clock())
        name = f"Bake in {region}"
        job = {**context, "type": "bakeInRegion", "name": name, "region": region, "amiSuffix": suffix, "rebake": rebake}
        task = {"application": APPLICATION, "description": f"{name}: {wanted.asked or wanted.image_name}", "job": [job]}
        trigger = {"type": "bake", "user": user, "same": same} | ({} if rebake else {"correlationId": same})
        return self.status(region, self._control.submit({**task, "trigger": trigger}, user=user, origin="bakery"))

    def status(self, region: str, id_: str) -> Json:
        """See the interface."""
        execution, stage = self._found(region, id_)
        status = execution.status if execution.status.complete and not stage.status.complete else stage.status
        state, result = "COMPLETED", "SUCCESS" if status is Status.SUCCEEDED else "FAILURE"
        if status is Status.CANCELED:
            state = "CANCELED"
        told: Json = {"id": id_, "state": state, "result": result, "resource_id": id_}
        if not status.complete:
            told |= {"state": "RUNNING", "result": None}
        told["createdTimestamp"] = execution.build_time
        told["updatedTimestamp"] = execution.stamp
        told["previously_baked"] = bool(stage.context.get("previouslyBaked"))
        error = stage.context.get("exception")
        if isinstance(error, dict) and isinstance(error.get("details"), dict):
            told["error"] = error["details"].get("error")
        return told

    def bake(self, region: str, id_: str) -> Json:
        """See the interface."""
        _, stage = self._found(region, id_)
        image = stage.context.get("ami")
        if stage.status is not Status.SUCCEEDED or not image:
            raise NotFound(f"bake {id_} has made no image; see its status")
        artifacts = stage.context.get("artifacts") or [None]
        return {
            "id": id_,
            "ami": image,
            "image_name": stage.context.get("imageName"),
            "regions": [region],
            "artifact": artifacts[0],
            "base_ami": stage.context.get("baseAmiId"),
        }

    def log(self, region: str, id_: str) -> list[str]:
        """See the interface."""
        execution, stage = self._found(region, id_)
        live = _there(self._services.live, "event log")
        lines: list[str] = []
        seen: set[tuple[int, int, int, tuple[str, ...]]] = set()
        for happening in live.of_execution(execution.id):
            if happening.type != "task.progressed":
                continue
            told = _progressed.decode(happening.data)
            key = (told.round, told.attempt, told.number, told.lines)
            if told.stage == stage.id and key not in seen:
                seen.add(key)
                lines += told.lines
        return lines

    def cancel(self, region: str, id_: str, *, user: str) -> Json:
        """See the interface. A bake of a pipeline ends with its pipeline."""
        execution, _ = self._found(region, id_)
        if not execution.status.complete:
            self._control.cancel(execution.id, user=user, reason="the bake was cancelled")
        return self.status(region, id_)

    def _end_running(self, same: str, user: str) -> None:
        search = Search(application=APPLICATION, kind="ORCHESTRATION", statuses=_RUNNING, limit=_MOST_RUNNING)
        for execution in self._executions.find(search):
            if execution.trigger.get("same") == same:
                self._control.cancel(execution.id, user=user, reason="the same is baked anew")

    def _found(self, region: str, id_: str) -> tuple[Execution, Stage]:
        execution_id, _, stage_id = id_.partition(".")
        try:
            execution = self._executions.get(execution_id)
        except NotFound as error:
            raise NotFound(f"there is no bake {id_}") from error
        for stage in execution.stages.values():
            if stage.type == "bakeInRegion" and stage_id in ("", stage.id) and stage.context.get("region") == region:
                return execution, stage
        raise NotFound(f"there is no bake {id_} in {region}")

    @property
    def _executions(self) -> Executions:
        return _there(self._services.executions, "executions")

    @property
    def _control(self) -> Control:
        return _there(self._services.control, "control")


def _there(service: T | None, word: str) -> T:
    if service is None:
        raise Unavailable(f"this process offers no {word}")
    return service
