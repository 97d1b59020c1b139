"""Tell one event to the bus from a CI job: `emit(url, "build.finished", {...}, source="jenkins")`.

Separate from the transports because it must start fast: it knows pika and the standard library, and declares nothing.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pika
import pika.exceptions


class NotTaken(Exception):
    """The broker did not take the event, or could not be reached; nothing has been told."""


def emit(
    url: str,
    type_: str,
    data: Any,
    *,
    source: str,
    prefix: str = "gennaker",
    subject: str = "",
    id_: str = "",
    extensions: Mapping[str, str] | None = None,
    timeout: float = 10.0,
) -> str:
    """Publish a fact, wait until the broker has it, and return its id. The same `id_` and `source` again are one event (rule 6).

    Raises NotTaken. `timeout` is in seconds.
    """
    id_ = id_ or str(uuid.uuid4())
    attributes = {
        **(extensions or {}),
        "specversion": "1.0",
        "id": id_,
        "type": type_,
        "source": source,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **({"subject": subject} if subject else {}),
    }
    factory: Any = pika.BasicProperties
    properties = factory(
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        headers={f"cloudEvents_{name}": value for name, value in attributes.items()},
    )
    parameters: Any = pika.URLParameters(_bounded(url, timeout))
    try:
        connection: Any = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish(f"{prefix}.facts", type_, json.dumps(data).encode(), properties)
        finally:
            if connection.is_open:
                connection.close()
    except (pika.exceptions.AMQPError, OSError) as error:
        place = f"{parameters.host}:{parameters.port}"
        raise NotTaken(f"RabbitMQ at {place} did not take {type_}: {str(error) or repr(error)}") from error
    return id_


def _bounded(url: str, timeout: float) -> str:
    """The URL with limits on every wait, save those it has already."""
    for name, value in (
        ("connection_attempts", 1),
        ("socket_timeout", timeout),
        ("blocked_connection_timeout", timeout),
    ):
        if f"{name}=" not in url:
            url += f"{'&' if '?' in url else '?'}{name}={value}"
    return url
