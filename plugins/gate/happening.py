"""One event of the log as JSON and as a server-sent event.

Separate because the log of an execution and the live stream show the same thing.
"""

import msgspec

from gennaker.core.services import Happening, Json
from gennaker.core.view import to_bytes


def happening_json(happening: Happening) -> Json:
    """What happened, with the event's own data as it was written."""
    return {
        "id": happening.id,
        "type": happening.type,
        "subject": happening.subject,
        "application": happening.application,
        "time": happening.time,
        "data": msgspec.Raw(happening.data),
    }


def sent_event(happening: Happening) -> bytes:
    """The same as the stream sends it; its `id` is the cursor to go on from."""
    lines = (b"id: ", happening.cursor.encode(), b"\nevent: ", happening.type.encode(), b"\ndata: ")
    return b"".join((*lines, to_bytes(happening_json(happening)), b"\n\n"))
