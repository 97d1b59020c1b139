"""What must hold between keys that are right one by one.

Separate because a type cannot say it.
"""

from collections.abc import Callable, Iterator
from ipaddress import ip_network

from gennaker.config.problems import Problem
from gennaker.config.settings import Settings

#: Yields (key, message, expected).
_Found = Iterator[tuple[str, str, str]]


def check(settings: Settings) -> list[Problem]:
    """Every problem between the keys, at the place of the key that can put it right."""
    checks: tuple[Callable[[Settings], _Found], ...] = (_database, _durability, _bus, _open_server, _names, _ranges)
    problems = []
    for one in checks:
        for key, message, wanted in one(settings):
            file, line = settings.locate(key)
            problems.append(Problem(file=file, line=line, key=key, message=message, expected=wanted))
    return problems


def _database(settings: Settings) -> _Found:
    scheme = settings.database.url.partition(":")[0].partition("+")[0]
    if scheme not in ("sqlite", "postgresql"):
        yield "database.url", f"{scheme!r} is not a database that is supported", "sqlite:///… or postgresql://…"


def _durability(settings: Settings) -> _Found:
    """With a broker an acknowledged answer must survive a power cut (DELIVERY 24)."""
    sqlite = settings.database.url.startswith("sqlite")
    if sqlite and settings.database.synchronous != "FULL" and not settings.bus.url.startswith("memory:"):
        yield "database.synchronous", f"is {settings.database.synchronous} with a message broker", "FULL"


def _bus(settings: Settings) -> _Found:
    if "://" not in settings.bus.url:
        yield "bus.url", "is not a URL", "memory:// or amqp://user:password@host/vhost"


def _open_server(settings: Settings) -> _Found:
    """Nobody may reach the API from outside without saying who they are."""
    if "api" in settings.roles and not settings.server.loopback and not settings.server.authenticated:
        yield (
            "server.host",
            f"{settings.server.host} can be reached from other machines, and nobody would have to log in",
            "127.0.0.1, or server.tokens or server.basic with at least one entry",
        )


def _names(settings: Settings) -> _Found:
    for key, names in (
        ("server.tokens", [token.name for token in settings.server.tokens]),
        ("server.basic", [user.user for user in settings.server.basic]),
    ):
        for index, name in enumerate(names):
            if name in names[:index]:
                yield f"{key}[{index}]", f"{name!r} is there twice", "each name once"


def _ranges(settings: Settings) -> _Found:
    for index, text in enumerate(settings.outbound.allow):
        try:
            ip_network(text)
        except ValueError as error:
            yield f"outbound.allow[{index}]", str(error), "an address range such as 10.1.0.0/16 or ::1/128"
