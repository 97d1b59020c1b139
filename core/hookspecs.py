"""Every extension point of the program, flat and typed.

Separate because this one file is the contract with plugin authors. Hooks register, they do not act: each runs once at start-up, in the
main thread, and answers with declarations; one that raises leaves its plugin out, with the reason shown, and the rest runs. A hook may
take fewer parameters than are listed here. Nothing goes through pluggy while messages flow.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import pluggy
from msgspec import Struct

from gennaker.bus.event import Event
from gennaker.config.settings import Settings
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.bakery import Bakery
from gennaker.core.cloud.provider import Cloud
from gennaker.core.cloud.stage import CloudStage
from gennaker.core.lookups import OutsideFunction
from gennaker.core.services import Services
from gennaker.core.stage import Stage

PROJECT = "gennaker"

hookspec = pluggy.HookspecMarker(PROJECT)
#: Marks a plugin's functions as implementations of hooks.
hookimpl = pluggy.HookimplMarker(PROJECT)


class Subscription(Struct, frozen=True, kw_only=True):
    """Facts that a plugin wants to hear of, each at least once (the same event may come again)."""

    #: The queue's name; the plugin's is put before it. Processes that share it share the work.
    queue: str
    #: Event types, such as `execution.finished` or `stage.*`.
    patterns: tuple[str, ...]
    #: Event in, events out; a raise means: again after a back-off, and at last to the dead letters.
    handler: Callable[[Event], Iterable[Event] | None]


class Background(Struct, frozen=True, kw_only=True):
    """Something that runs beside the messages: a poller, a server."""

    name: str
    #: Called once in a thread of its own; returns soon after the event is set. A raise is logged and it is started again.
    run: Callable[[threading.Event], None]


@hookspec
def gennaker_settings() -> type[Struct]:  # type: ignore[empty-body]
    """The type of `plugins.<name>` in the YAML: a frozen msgspec.Struct whose fields all have defaults; unknown keys are refused."""


@hookspec
def gennaker_stages(settings: Any) -> Sequence[type[Stage]]:  # type: ignore[empty-body]
    """The stage types this plugin runs; `settings` is its own section, in the type that `gennaker_settings` gave."""


@hookspec
def gennaker_functions(settings: Any) -> Sequence[OutsideFunction]:  # type: ignore[empty-body]
    """Functions for expressions that this plugin brings: `#<plugin>_<name>(…)`. They run in workers; a pipeline waits for their values."""


@hookspec
def gennaker_clouds(settings: Any, home: Path) -> Sequence[Cloud]:  # type: ignore[empty-body]
    """The clouds that this plugin reaches, with the accounts of its section; SDKs are imported when a cloud is first used.

    `home` is the daemon's home folder.
    """


@hookspec
def gennaker_cloud_stages() -> Sequence[type[CloudStage]]:  # type: ignore[empty-body]
    """Stage types that are written once for all clouds: each cloud of any plugin gets its copy."""


@hookspec
def gennaker_artifacts(settings: Any) -> Sequence[ArtifactAccount]:  # type: ignore[empty-body]
    """The artifact accounts that its section configures, and those that need no configuration; asked for in every process."""


@hookspec
def gennaker_bakery(services: Services) -> Bakery:  # type: ignore[empty-body]
    """What the API offers of the bakery. One plugin gives it."""


@hookspec
def gennaker_subscriptions(services: Services) -> Sequence[Subscription]:  # type: ignore[empty-body]
    """The facts this plugin wants to hear of; asked for in processes with the role `worker`."""


@hookspec
def gennaker_services(services: Services) -> Sequence[Background]:  # type: ignore[empty-body]
    """What this plugin runs in the background; asked for in processes with the role `worker`."""


@hookspec
def gennaker_routes(services: Services, settings: Settings) -> Callable[..., Any]:  # type: ignore[empty-body]
    """An ASGI application: the HTTP server of the program. One plugin gives it; asked for in processes with the role `api`.

    If it has a method `drain()`, that is called from another thread when the server is about to end: streams end then.
    """


@hookspec
def gennaker_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Commands for the program's command line."""
