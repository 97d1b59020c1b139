"""What goes wrong in an expression, and the one signal that is no error: a value from outside is needed first."""

from typing import Any

from msgspec import Struct


class ExpressionError(Exception):
    """An expression that cannot be read or has no value. `message` is a sentence that teaches; `column` counts from 1 within the expression."""

    def __init__(self, message: str, *, kind: str = "SpelEvaluationException", column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: The simple name of the exception that Spinnaker tells in this case.
        self.kind = kind
        self.column = column


class LimitReached(ExpressionError):
    """An expression wanted more steps, characters, elements or time than one evaluation may use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="SpelLimitException")


class Wanted(Struct, frozen=True, kw_only=True):
    """A call that must look outside: handed out to a worker, its value arrives by event (rule 15)."""

    #: The function's name without `#`, such as `fromUrl`.
    function: str
    arguments: tuple[Any, ...] = ()
    #: What its value is kept under: function and arguments as canonical JSON.
    key: str


class Deferred(Exception):
    """Evaluation cannot go on before a value from outside is known."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted.key)
        self.wanted = wanted
