"""What only a run can tell, in a dry run: a map whose missing keys are not known, rather than not there.

Separate because null would be a wrong answer: `${bake.ami == null}` is neither true nor false before the bake has run.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from gennaker.core.expressions.errors import ExpressionError

#: The kind of the error, by which a dry run tells it from a mistake.
NOT_YET = "NotYetKnown"


class Unknown(dict[str, Any]):
    """The outputs or the context of a stage that has not run; `whose` names it, or them, for people."""

    def __init__(self, known: Mapping[str, Any], whose: str) -> None:
        super().__init__(known)
        self.whose = whose

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> NoReturn:
        raise ExpressionError(f"'{key}' is not known before {self.whose} has run", kind=NOT_YET)

    def get(self, key: str, default: Any = None) -> Any:
        """The value; raises ExpressionError where another map would give the default."""
        return self[key]
