"""java.lang.Math.

Separate because Java's functions never fail where Python's do: they give NaN or infinity, and the whole ones wrap or say that they overflow.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.boxes import Row
from gennaker.core.expressions.java.chance import make_random, next_double
from gennaker.core.expressions.java.kinds import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, truncated, wrap
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.numbers import java_pow
from gennaker.core.expressions.java.reals import greater, less
from gennaker.core.expressions.scope import Scope

_LIMITS = {"int": (INT_MIN, INT_MAX), "long": (LONG_MIN, LONG_MAX)}


def _safe(function: Callable[[float], float], huge: Callable[[float], float] = abs) -> Callable[[Scope, float], float]:
    """A function that gives NaN outside its domain and infinity beyond its range."""

    def run(_: Scope, value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.copysign(math.inf, huge(value))

    return run


def _log(function: Callable[[float], float], pole: float) -> Callable[[Scope, float], float]:
    safe = _safe(function)
    return lambda scope, value: -math.inf if value == pole else safe(scope, value)


def _kept(function: Callable[[float], int]) -> Callable[[Scope, float], float]:
    """A rounding that leaves what is not finite, and the sign of zero."""
    return lambda _, value: math.copysign(float(function(value)), value) if math.isfinite(value) else value


def _cube_root(_: Scope, value: float) -> float:
    if not value or not math.isfinite(value):
        return value
    root = math.copysign(abs(value) ** (1 / 3), value)
    near = (math.nextafter(root, -math.inf), root, math.nextafter(root, math.inf), float(round(root)))
    return min(near, key=lambda one: abs(Fraction(one) ** 3 - Fraction(value)))


def _remainder(_: Scope, left: float, right: float) -> float:
    try:
        return math.remainder(left, right)
    except ValueError:
        return math.nan


def _exponent(value: float) -> int:
    if not math.isfinite(value):
        return 1024
    return max(math.frexp(value)[1] - 1, -1023) if abs(value) >= 2.2250738585072014e-308 else -1023


def _scaled(_: Scope, value: float, by: int) -> float:
    try:
        return math.ldexp(value, by)
    except OverflowError:
        return math.copysign(math.inf, value)


def _rounded(value: float, kind: str) -> int:
    if not math.isfinite(value):
        return truncated(value, *_LIMITS[kind])
    return truncated(float(math.floor(Fraction(value) + Fraction(1, 2))), *_LIMITS[kind])


def _rint(value: float) -> int:
    return round(value)


def _fused(_: Scope, a: float, b: float, c: float) -> float:
    if not all(map(math.isfinite, (a, b, c))):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    try:
        return float(exact) if exact else a * b + c
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _nonzero(right: int) -> int:
    if not right:
        raise ExpressionError("/ by zero", kind="ArithmeticException")
    return right


def _exact(kind: str, calculate: Callable[..., int]) -> Callable[..., int]:
    least, most = _LIMITS[kind]

    def run(_: Scope, *values: Any) -> int:
        result = calculate(*map(int, values))
        if not least <= result <= most:
            raise ExpressionError(f"{'integer' if kind == 'int' else 'long'} overflow", kind="ArithmeticException")
        return result

    return run


def _signum(value: float) -> float:
    return value if math.isnan(value) or not value else math.copysign(1.0, value)


def _whole(kind: str) -> list[Row]:
    return [
        (f"abs({kind}): {kind}", lambda _, a: abs(a)),
        (f"absExact({kind}): {kind}", _exact(kind, abs)),
        (f"addExact({kind}, {kind}): {kind}", _exact(kind, lambda a, b: a + b)),
        (f"decrementExact({kind}): {kind}", _exact(kind, lambda a: a - 1)),
        (f"floorDiv({kind}, {kind}): {kind}", lambda _, a, b: int(a) // _nonzero(int(b))),
        (f"floorMod({kind}, {kind}): {kind}", lambda _, a, b: int(a) % _nonzero(int(b))),
        (f"incrementExact({kind}): {kind}", _exact(kind, lambda a: a + 1)),
        (f"max({kind}, {kind}): {kind}", lambda _, a, b: max(a, b)),
        (f"min({kind}, {kind}): {kind}", lambda _, a, b: min(a, b)),
        (f"multiplyExact({kind}, {kind}): {kind}", _exact(kind, lambda a, b: a * b)),
        (f"negateExact({kind}): {kind}", _exact(kind, lambda a: -a)),
        (f"subtractExact({kind}, {kind}): {kind}", _exact(kind, lambda a, b: a - b)),
    ]


def _real(kind: str) -> list[Row]:
    return [
        (f"abs({kind}): {kind}", lambda _, a: abs(a)),
        (f"copySign({kind}, {kind}): {kind}", lambda _, a, b: math.copysign(a, b)),
        (f"max({kind}, {kind}): {kind}", lambda _, a, b: greater(a, b)),
        (f"min({kind}, {kind}): {kind}", lambda _, a, b: less(a, b)),
        (f"signum({kind}): {kind}", lambda _, a: _signum(a)),
    ]


MATH = Type(
    name="java.lang.Math",
    statics=table(
        *(row for kind in ("int", "long") for row in _whole(kind)),
        *(row for kind in ("float", "double") for row in _real(kind)),
        *(
            (f"{name}(double): double", _safe(function))
            for name, function in (("acos", math.acos), ("asin", math.asin), ("atan", math.atan), ("cos", math.cos))
        ),
        *(
            (f"{name}(double): double", _safe(function))
            for name, function in (("cosh", math.cosh), ("exp", math.exp), ("expm1", math.expm1), ("sin", math.sin))
        ),
        *(
            (f"{name}(double): double", _safe(function))
            for name, function in (("sqrt", math.sqrt), ("tan", math.tan), ("tanh", math.tanh))
        ),
        ("sinh(double): double", _safe(math.sinh, lambda value: value)),
        ("atan2(double, double): double", lambda _, a, b: math.atan2(a, b)),
        ("cbrt(double): double", _cube_root),
        ("ceil(double): double", _kept(math.ceil)),
        ("floor(double): double", _kept(math.floor)),
        ("rint(double): double", _kept(_rint)),
        ("fma(double, double, double): double", _fused),
        ("floorDiv(long, int): long", lambda _, a, b: int(a) // _nonzero(b)),
        ("floorMod(long, int): int", lambda _, a, b: int(a) % _nonzero(b)),
        ("getExponent(double): int", lambda _, a: _exponent(a)),
        ("hypot(double, double): double", lambda _, a, b: math.hypot(a, b)),
        ("IEEEremainder(double, double): double", _remainder),
        ("log(double): double", _log(math.log, 0)),
        ("log10(double): double", _log(math.log10, 0)),
        ("log1p(double): double", _log(math.log1p, -1)),
        ("multiplyExact(long, int): long", _exact("long", lambda a, b: a * b)),
        ("multiplyFull(int, int): long", lambda _, a, b: a * b),
        ("multiplyHigh(long, long): long", lambda _, a, b: wrap(int(a) * int(b) >> 64, 64)),
        ("nextAfter(double, double): double", lambda _, a, b: math.nextafter(a, b)),
        ("nextDown(double): double", lambda _, a: math.nextafter(a, -math.inf)),
        ("nextUp(double): double", lambda _, a: math.nextafter(a, math.inf)),
        ("pow(double, double): double", lambda _, a, b: java_pow(a, b)),
        ("random(): double", lambda scope: next_double(make_random(scope))),
        ("round(double): long", lambda _, a: _rounded(a, "long")),
        ("round(float): int", lambda _, a: _rounded(a, "int")),
        ("scalb(double, int): double", _scaled),
        ("toDegrees(double): double", lambda _, a: a * (180.0 / math.pi)),
        ("toIntExact(long): int", _exact("int", int)),
        ("toRadians(double): double", lambda _, a: a * (math.pi / 180.0)),
        ("ulp(double): double", lambda _, a: math.ulp(a)),
    ),
    fields={"E": math.e, "PI": math.pi},
)
