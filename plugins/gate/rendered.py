"""The JSON of executions as it was last shown: pages and scripts ask for the same one again and again, and mostly nothing has happened.

Separate because it is correct only by its key: the number of the newest event, and the stage types that were known.
"""

import threading
from collections import OrderedDict

from gennaker.core.model.stage_type import StageTypes

#: Bytes of all that is kept.
_MOST = 8 * 1024 * 1024


class Rendered:
    """A bounded number of bytes; what was not asked for longest goes first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._size = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, StageTypes, bytes]] = OrderedDict()

    def get(self, execution: str, sequence: int, types: StageTypes) -> bytes | None:
        """What is kept of an execution in exactly this state."""
        with self._lock:
            kept = self._kept.get(execution)
            if kept is None or kept[0] != sequence or kept[1] is not types:
                return None
            self._kept.move_to_end(execution)
            return kept[2]

    def put(self, execution: str, sequence: int, types: StageTypes, content: bytes) -> None:
        """Keep what was shown, in place of an older state, unless it is too large to share the room."""
        with self._lock:
            if (old := self._kept.pop(execution, None)) is not None:
                self._size -= len(old[2])
            if len(content) > self._most // 8:
                return
            self._kept[execution] = (sequence, types, content)
            self._size += len(content)
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1][2])
