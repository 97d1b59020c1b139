"""How a kombu connection is made, for all that use one.

Separate because kombu's functions have no types: here they end.
"""

from typing import Any

from kombu.connection import Connection

_CONNECT_TIMEOUT = 3.0
#: Seconds after which Redis gives what a killed process held to another one.
_VISIBILITY = 300


def connection(url: str, name: str = "", **options: Any) -> Any:
    """A connection that opens when it is first used; `name` is what RabbitMQ's list of connections shows."""
    factory: Any = Connection
    if url.startswith(("amqp", "pyamqp")):
        options["client_properties"] = {"connection_name": name}
    if url.startswith("redis"):
        options["visibility_timeout"] = _VISIBILITY
    return factory(url, connect_timeout=_CONNECT_TIMEOUT, transport_options=options)
