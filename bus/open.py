"""Opens the bus that a URL names.

Separate because nobody else may know which transports there are, and only the one that is wanted is imported.
"""

from gennaker.bus.memory import MemoryTransport
from gennaker.bus.port import Transport


def open_bus(url: str, prefix: str, *, name: str = "") -> Transport:
    """The transport behind `url`; on a broker every queue and exchange is called `<prefix>.<…>`.

    `name` is shown in the broker's list of connections. Raises ValueError for a URL that names no transport. Does not wait for the broker.
    """
    scheme = url.partition("://")[0].lower()
    if scheme == "memory":  # private to this object, so it needs neither prefix nor name
        return MemoryTransport()
    if scheme in ("amqp", "amqps"):
        from gennaker.bus.rabbitmq.transport import RabbitTransport

        return RabbitTransport(url, prefix, name)
    from gennaker.bus.kombu_transport import KombuTransport

    try:
        return KombuTransport(url.replace("+kombu://", "://", 1), prefix, name)
    except (ImportError, KeyError) as error:
        raise ValueError(
            f"bus.url {scheme!r} names no transport that is installed: expected memory://, amqp://, amqps://, amqp+kombu:// or"
            f" redis:// (with `pip install gennaker[redis]`): {error}"
        ) from error
