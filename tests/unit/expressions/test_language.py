"""The language by tables: `expression, what it gives, the rule`. Values were compared with Spring's own evaluator where that has the construct."""

import json
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.expressions import condition, evaluate
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.evaluate import Evaluation, Walk
from gennaker.core.expressions.scope import Function, Scope
from gennaker.core.expressions.template import read_part

CORPUS = Path(__file__).with_name("corpus")
CONTEXT = json.loads((CORPUS / "context.json").read_text())


def fail(_scope: Scope, reason: str) -> None:
    raise ExpressionError(reason)


FUNCTIONS = {
    one.name: one
    for one in (
        Function(name="double", signature="#double(number)", description="", call=lambda _, n: n * 2, least=1),
        Function(
            name="join", signature="#join(text, …)", description="", call=lambda _, *t: "".join(t), least=1, most=3
        ),
        Function(name="fail", signature="#fail(reason)", description="", call=fail, least=1),
        Function(name="later", signature="#later(what)", description="", least=1),
    )
}


def rows(name: str) -> list[Any]:
    """A table, each row with the expression as its name."""
    table = json.loads((CORPUS / f"{name}.json").read_text())
    return [
        pytest.param(text, expected, id=f"{number}: {text[:60]}") for number, (text, expected, _) in enumerate(table)
    ]


def scope(**more: Any) -> Scope:
    return Scope({**CONTEXT, **more}, functions=FUNCTIONS)


def shown(done: Evaluation, text: str, expected: Any) -> Any:
    """What an evaluation gave, in the form of the table; an error as far as the table tells it."""
    if not done.failures:
        return done.value
    assert done.value == text
    failure = done.failures[0]
    assert done.unresolved == (text,)
    if failure.level == "INFO":
        return {"info": failure.reason}
    told = expected.get("error", "") if isinstance(expected, dict) else ""
    return {"error": failure.reason[: len(told)] or failure.reason}


def same(found: Any, expected: Any) -> bool:
    """Equal, and of the same types throughout: 1, 1.0 and true are not the same."""
    return json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize(("text", "expected"), rows("language"))
def test_an_expression_gives_what_spring_gives(text: str, expected: Any) -> None:
    walk = Walk(scope())
    value = walk.single(read_part(text, 0), text)
    done = walk.result(value)
    if expected is None:
        assert [failure.level for failure in done.failures] == ["INFO"]
        return
    assert same(shown(done, text, expected), expected), done


@pytest.mark.parametrize(("text", "expected"), rows("templates"))
def test_a_text_gives_what_its_parts_give(text: str, expected: Any) -> None:
    assert same(shown(evaluate(text, scope()), text, expected), expected)


@pytest.mark.parametrize(("text", "expected"), rows("conditions"))
def test_a_condition_takes_values_and_not_text(text: str, expected: Any) -> None:
    assert same(shown(condition(text, scope()), text, expected), expected)


def test_the_tables_are_as_long_as_was_promised() -> None:
    assert len(rows("language")) + len(rows("templates")) + len(rows("conditions")) >= 600
