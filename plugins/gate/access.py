"""What every route is given: the services, who calls, and the scope that is asked for before anything else happens.

Separate because a route that does not say what it needs cannot be made: `GuardedRoute` refuses it.
"""

import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from gennaker.core.authoriser import Authoriser, Identity, Scope, require
from gennaker.core.bakery import Bakery
from gennaker.core.cloud.inventory import Inventory
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Unavailable
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.status import Status
from gennaker.core.services import (
    Artifacts,
    BusDesk,
    Control,
    Definitions,
    Executions,
    Json,
    Live,
    Services,
    Sources,
    Why,
)
from gennaker.core.view import execution_json, task_json, to_bytes
from gennaker.plugins.gate.rendered import Rendered

T = TypeVar("T")

_SCOPE = "x-scope"
_PUBLIC = "public"
#: Stage types change when a plugin's process comes or goes; seconds for which they are remembered.
_TYPES_FOR = 2.0
_LONGEST_KEY = 200
NOBODY = Identity(user="nobody", scopes=frozenset())


def needs(scope: Scope, *, body: str = "") -> dict[str, Any]:
    """Keyword arguments of a route decorator: the scope it needs, and what its JSON body is (empty = it takes none)."""
    extra: Json = {_SCOPE: scope, "security": [{"token": []}, {"basic": []}]}
    if body:
        extra["requestBody"] = {"description": body, "content": {"application/json": {"schema": {}}}}
    return {"openapi_extra": extra, "response_class": Response}


def public() -> dict[str, Any]:
    """Keyword arguments of a route decorator: anybody may call it; the handler sees who it is."""
    return {"openapi_extra": {_SCOPE: _PUBLIC}, "response_class": Response}


class Gate:
    """The services as routes use them; one that this process does not have is an Unavailable that says so."""

    def __init__(self, services: Services, authoriser: Authoriser) -> None:
        self.services = services
        self.authoriser = authoriser
        self._types: StageTypes = {}
        self._types_until = 0.0
        self._rendered = Rendered()

    @property
    def definitions(self) -> Definitions:
        """Applications, pipelines, projects."""
        return _there(self.services.definitions, "definitions")

    @property
    def executions(self) -> Executions:
        """Reads executions."""
        return _there(self.services.executions, "executions")

    @property
    def control(self) -> Control:
        """What may be asked of the engine."""
        return _there(self.services.control, "control")

    @property
    def live(self) -> Live:
        """The event log as a stream."""
        return _there(self.services.live, "live events")

    @property
    def why(self) -> Why:
        """Explains waiting."""
        return _there(self.services.why, "explanations")

    @property
    def artifacts(self) -> Artifacts:
        """Fetches artifacts."""
        return _there(self.services.artifacts, "artifacts")

    @property
    def bus(self) -> BusDesk:
        """Queues and dead letters."""
        return _there(self.services.bus, "bus")

    @property
    def sources(self) -> Sources:
        """What became of the sources that are followed."""
        return _there(self.services.sources, "sources")

    @property
    def bakery(self) -> Bakery:
        """Bakes by request, and what became of bakes."""
        return _there(self.services.bakery, "bakery")

    @property
    def inventory(self) -> Inventory:
        """What the clouds have."""
        return _there(self.services.inventory, "inventory")

    def types(self) -> StageTypes:
        """The stage types, as of at most two seconds ago; the same object while they are the same."""
        if time.monotonic() > self._types_until:
            known = self.services.stage_types()
            if known != self._types:
                self._types = known
            self._types_until = time.monotonic() + _TYPES_FOR
        return self._types

    def pipeline_execution(self, execution: str, application: str = "") -> Execution:
        """An execution of a pipeline, of this application if one is named. Raises NotFound."""
        return self._execution(execution, application, "PIPELINE", "Pipeline")

    def task(self, execution: str, application: str = "") -> Execution:
        """An ad-hoc orchestration, of this application if one is named. Raises NotFound."""
        return self._execution(execution, application, "ORCHESTRATION", "Task")

    def execution_bytes(self, execution: str) -> bytes:
        """The JSON of an execution of a pipeline as clients see it now. Raises NotFound."""
        types = self.types()
        try:
            kept = self._rendered.get(execution, self.executions.sequence(execution), types)
        except NotFound:
            kept = None
        if kept is not None:
            return kept
        found = self.pipeline_execution(execution)
        content = to_bytes(execution_json(found, now=self.services.clock(), types=types))
        if found.status is not Status.PAUSED:  # how long it has been paused changes with the time
            self._rendered.put(execution, found.sequence, types, content)
        return content

    def execution_view(self, execution: Execution, *, expand: bool = True) -> Json:
        """An execution as clients see it now."""
        return execution_json(execution, now=self.services.clock(), types=self.types(), expand=expand)

    def task_view(self, execution: Execution) -> Json:
        """An orchestration as clients see it now."""
        return task_json(execution, now=self.services.clock(), types=self.types())

    def _execution(self, id_: str, application: str, kind: str, word: str) -> Execution:
        try:
            found = self.executions.get(id_)
        except NotFound as error:
            raise NotFound(f"{word} not found (id: {id_})") from error
        if found.kind != kind or (application and found.application.casefold() != application.casefold()):
            raise NotFound(f"{word} not found (id: {id_})")
        return found


class GuardedRoute(APIRoute):
    """A route whose caller is identified, and has the scope, before its body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard. Raises TypeError for a route without a scope."""
        needed = (self.openapi_extra or {}).get(_SCOPE)
        if needed is None:
            raise TypeError(f"the route {self.path} says no scope: give it `**needs(…)` or `**public()`")
        handler = self._handler()

        async def guarded(request: Request) -> Response:
            request.state.identity = _admit(request, needed)
            return await handler(request)

        return guarded

    def _handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return super().get_route_handler()


class DirectRoute(GuardedRoute):
    """A guarded route for what is asked most: its handler takes the gate and the path's `id`, which need no looking for."""

    def _handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def direct(request: Request) -> Response:
            answered: Response = await run_in_threadpool(
                self.endpoint, request.app.state.gate, request.path_params["id"]
            )
            return answered

        return direct


def _admit(request: Request, needed: str) -> Identity:
    gate: Gate = request.app.state.gate
    if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise InvalidRequest("the address contains the character NUL")
    try:
        identity = gate.authoriser.identify(request.method, request.headers)
    except GennakerError:
        if needed == _PUBLIC:
            return NOBODY
        raise
    if needed != _PUBLIC:
        require(identity, needed)  # type: ignore[arg-type]
    return identity


def routes() -> APIRouter:
    """A router whose routes are guarded."""
    return APIRouter(route_class=GuardedRoute)


async def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


async def _caller(request: Request) -> Identity:
    identity: Identity = request.state.identity
    return identity


#: The `{id}` of a path, under whatever name a handler likes.
Id: TypeAlias = Annotated[str, Path(alias="id")]
Here: TypeAlias = Annotated[Gate, Depends(_gate)]
Caller: TypeAlias = Annotated[Identity, Depends(_caller)]


def answer(value: Any, status: int = 200) -> Response:
    """JSON, encoded here and now: nothing goes through the framework's encoder."""
    return Response(to_bytes(value), status, media_type="application/json")


def encoded(content: bytes) -> Response:
    """JSON that is encoded already."""
    return Response(content, media_type="application/json")


def empty(status: int = 200) -> Response:
    """No body at all."""
    return Response(status_code=status)


def origin_of(request: Request) -> str:
    """Which client it is: `deck`, `api`, … from X-SPINNAKER-USER-ORIGIN, else `unknown`."""
    return request.headers.get("x-spinnaker-user-origin", "")[:64].strip() or "unknown"


def key_of(request: Request) -> str | None:
    """The Idempotency-Key of a request: the same key of the same user again gets the first answer (rule 6)."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > _LONGEST_KEY:
        raise InvalidRequest(f"is longer than {_LONGEST_KEY} characters", "header Idempotency-Key")
    identity: Identity = request.state.identity
    return f"http:{identity.user}:{key}" if key else None


def _there(service: T | None, word: str) -> T:
    if service is None:
        raise Unavailable(f"this process offers no {word}")
    return service
