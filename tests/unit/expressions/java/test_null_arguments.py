"""Null where a method of Java's expects something is an error of the expression, never a fault of ours."""

import pytest

from gennaker.core.expressions import evaluate
from gennaker.core.expressions.scope import Scope


@pytest.mark.parametrize(
    "expression",
    [
        "T(String).join(gone, names)",
        "T(String).join(',', gone)",
        "'a'.concat(gone)",
        "'a'.replaceAll(gone, 'b')",
        "'a'.split(gone)",
    ],
)
def test_null_is_told_as_java_tells_it(expression: str) -> None:
    (failure,) = evaluate(f"${{{expression}}}", Scope({})).failures
    assert failure.kind == "NullPointerException"
    assert "null was given to" in failure.reason
