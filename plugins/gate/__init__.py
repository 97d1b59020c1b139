"""Gate's REST API: what Spinnaker's clients call."""

from collections.abc import Callable
from typing import Any

from gennaker.config.settings import Settings
from gennaker.core.authoriser import Authoriser
from gennaker.core.hookspecs import hookimpl
from gennaker.core.services import Services


@hookimpl
def gennaker_routes(services: Services, settings: Settings) -> Callable[..., Any]:
    """The HTTP application; the framework is imported only here, where it is needed."""
    from gennaker.plugins.gate.app import create_app

    return create_app(services, Authoriser.of(settings.server), settings.server.max_body)
