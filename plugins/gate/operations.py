"""What an operator, a probe or a program asks of the daemon itself: health, version, metrics, queues, stage types, live events."""

from functools import cache
from importlib.metadata import version
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Header, Request, Response
from starlette.concurrency import run_in_threadpool

from gennaker.core.errors import InvalidRequest, NotFound, Unavailable
from gennaker.core.services import HealthReport
from gennaker.plugins.gate import page, query
from gennaker.plugins.gate.access import Caller, Here, answer, empty, needs, public, routes
from gennaker.plugins.gate.body import ObjectBody
from gennaker.plugins.gate.feed import EventStream, Feed, Filter
from gennaker.plugins.gate.query import NO_WORDS, Limit, Words

router = routes()

#: Threads of the probes: health is told even when all others wait for something.
_PROBES = anyio.CapacityLimiter(2)


@router.get("/health", tags=["operations"], **public())
async def health(here: Here, caller: Caller) -> Response:
    """UP when this process can do all that it has to, else 503 and DOWN. The parts are shown to those who may read."""
    asked = here.services.health or _nothing_to_do
    report = await anyio.to_thread.run_sync(asked, limiter=_PROBES)
    view: dict[str, object] = {"status": "UP" if report.up else "DOWN"}
    if caller.may("read"):
        view["components"] = report.components
    return answer(view, 200 if report.up else 503)


@router.get("/version", tags=["operations"], **needs("read"))
def show_version() -> Response:
    """The version of the daemon."""
    return answer({"version": _version()})


@router.get("/metrics", tags=["operations"], **needs("read"))
def metrics(here: Here) -> Response:
    """Metrics in Prometheus's text format."""
    if here.services.metrics is None:
        raise Unavailable("this process keeps no metrics")
    return Response(here.services.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/auth/user", tags=["operations"], **needs("read"))
def who_am_i(caller: Caller) -> Response:
    """Who the caller is, and what they may do (`roles` are the scopes)."""
    roles = sorted(caller.scopes)
    return answer(
        {
            "email": caller.user,
            "username": caller.user,
            "roles": roles,
            "authorities": [{"authority": role} for role in roles],
            "allowedAccounts": [],
            "enabled": True,
            "isAdmin": caller.may("admin"),
        }
    )


@router.get("/stageTypes", tags=["operations"], **needs("read"))
def stage_types(here: Here) -> Response:
    """The stage types that can run now, with the JSON Schema of their fields."""
    return answer([type_ for _, type_ in sorted(here.types().items())])


@router.get("/bus", tags=["operations"], **needs("read"))
def bus_status(here: Here) -> Response:
    """The bus and its queues."""
    return answer(here.bus.status())


@router.get("/bus/deadLetters", tags=["operations"], **needs("admin"))
def dead_letters(here: Here, limit: Limit = 100) -> Response:
    """Messages that could not be handled, oldest first."""
    return answer(here.bus.dead_letters(limit))


@router.post("/bus/deadLetters/requeue", tags=["operations"], **needs("admin", body="`{ids: […]}`"))
def requeue_several(here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Try several dead letters again."""
    ids = body.get("ids")
    if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
        raise InvalidRequest("must be a list of dead letters' ids", "ids")
    return answer({"requeued": here.bus.requeue(ids, user=caller.user)})


@router.get("/bus/deadLetters/{letter}", tags=["operations"], **needs("admin"))
def dead_letter(here: Here, letter: str) -> Response:
    """One dead letter, whole, with body, reason and traceback."""
    return answer(here.bus.dead_letter(letter))


@router.post("/bus/deadLetters/{letter}/requeue", tags=["operations"], **needs("admin"))
def requeue(here: Here, caller: Caller, letter: str) -> Response:
    """Try a dead letter again."""
    if not (done := here.bus.requeue([letter], user=caller.user)):
        raise NotFound(f"Dead letter not found (id: {letter})")
    return answer({"requeued": done})


@router.delete("/bus/deadLetters/{letter}", tags=["operations"], **needs("admin"))
def drop(here: Here, caller: Caller, letter: str) -> Response:
    """Forget a dead letter."""
    if not here.bus.drop([letter], user=caller.user):
        raise NotFound(f"Dead letter not found (id: {letter})")
    return empty()


@router.get("/events", tags=["events"], **needs("read"))
async def events(
    request: Request,
    here: Here,
    application: str = "",
    execution: str = "",
    types: Words = NO_WORDS,
    last_event_id: Annotated[str, Header()] = "",
    cursor: str = "",
) -> Response:
    """What happens, as a stream of server-sent events; resumes after `Last-Event-ID` (or `cursor`), else from now on."""
    live = here.live
    start = last_event_id or cursor
    if start:
        await run_in_threadpool(live.after, start, 1)
    else:
        start = await run_in_threadpool(live.now)
    wanted = Filter(application=application, execution=execution, types=query.words(types))
    feed: Feed = request.app.state.feed
    return EventStream(feed, start, wanted)


@router.get("/openapi.json", tags=["operations"], **needs("read"))
def schema(request: Request) -> Response:
    """This interface, as OpenAPI describes it."""
    return answer(request.app.openapi())


@router.get("/docs", tags=["operations"], **needs("read"))
def docs(request: Request) -> Response:
    """This interface, as a page to read."""
    return Response(page.render(request.app.openapi()), media_type="text/html", headers=page.HEADERS)


def _nothing_to_do() -> HealthReport:
    return HealthReport(up=True, components={})


@cache
def _version() -> str:
    return version("gennaker")
