"""Why a call was not made, or had no answer.

Separate because plugins catch these without loading the HTTP client.
"""

from gennaker.core.errors import GennakerError


class Blocked(GennakerError):
    """The address may not be connected to. Trying again is of no use."""

    status = 400


class CallFailed(GennakerError):
    """There was no answer that can be used. `retryable`: the same call may work later."""

    status = 502

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable
