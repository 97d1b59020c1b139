"""The application: every router, behind one guard.

Separate from the hook so that it can be made with other services, as tests do.
"""

from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gennaker.core.authoriser import Authoriser
from gennaker.core.services import Services
from gennaker.plugins.gate import (
    applications,
    artifacts,
    bakery,
    clusters,
    credentials,
    definitions,
    executions,
    expressions,
    failures,
    firewalls,
    images,
    instances,
    load_balancers,
    not_known,
    operations,
    pipelines,
    project_clusters,
    projects,
    search,
    server_groups,
    sources,
    stages,
    tasks,
    templates,
)
from gennaker.plugins.gate.access import Gate
from gennaker.plugins.gate.body import BodyLimit
from gennaker.plugins.gate.errors import install
from gennaker.plugins.gate.feed import Feed

#: A path that several routers match belongs to the first; what is asked for most stands in front.
_NOUNS = (
    executions,
    stages,
    expressions,
    failures,
    operations,
    tasks,
    artifacts,
    bakery,
    sources,
    templates,
    definitions,
    applications,
    projects,
    pipelines,
    server_groups,
    clusters,
    project_clusters,
    load_balancers,
    firewalls,
    instances,
    images,
    search,
    credentials,
    not_known,
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


class GateApp(FastAPI):
    """The ASGI application."""

    def drain(self) -> None:
        """End what would not end by itself, the live streams; for the server, from any thread, before it stops."""
        feed: Feed | None = getattr(self.state, "feed", None)
        if feed is not None:
            feed.end()


def create_app(services: Services, authoriser: Authoriser, max_body: int) -> GateApp:
    """Gate's REST API over the services; `max_body` in bytes."""
    app = GateApp(
        title="Gennaker",
        version=version("gennaker"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.gate = Gate(services, authoriser)
    if services.live is not None:
        app.state.feed = Feed(services.live)
    for noun in _NOUNS:
        # Taken over as they are: an included router is matched twice for every request.
        app.router.routes.extend(noun.router.routes)
    install(app)
    app.add_middleware(BodyLimit, limit=max_body)
    app.add_middleware(SafeHeaders)
    return app


class SafeHeaders:
    """ASGI middleware: what browsers are told with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
