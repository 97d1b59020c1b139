"""Expressions that want out, or want everything: each ends in a clean error, within bounded steps and time."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.expressions import condition, evaluate
from gennaker.core.expressions.errors import FAULT
from gennaker.core.expressions.evaluate import Walk
from gennaker.core.expressions.scope import Scope
from gennaker.core.expressions.template import read_part

CORPUS = Path(__file__).with_name("corpus")
CONTEXT = json.loads((CORPUS / "context.json").read_text())
CONTEXT["many"] = list(range(2_000))
ATTACKS = json.loads((CORPUS / "attacks.json").read_text())
#: Seconds that no expression may take, however busy the machine is: ten times what the worst of them needs.
WALL = 1.0
#: What looks like an attack and has an answer at once.
HARMLESS = (
    "('a' * 40 + 'b') matches '(a+)+'",
    "('a' * 40 + 'b') matches '(a*)*'",
    "('a' * 40 + '!') matches '([a-z]+)*'",
    "('a' * 40 + '!') matches '(.*a){25}'",
    "('a' * 40 + 'b').matches('(x+x+)+y|(a+)+')",
    "('ab' * 30 + '!').matches('((ab)*)*')",
    "('x' * 30 + 'y').matches('(x|x?)*z')",
    "many.![#root.many.size()].size()",
    "many.?[#this > 1].?[#this > 2].?[#this > 3].size()",
    "('a' * 900000).length()",
    "('a' * 900000) == ('a' * 900000)",
    "2 ^ 999999",
    "1e999999",
    "{{{{{{{{{{}}}}}}}}}}",
)
#: Data that wants to be text of the pipeline.
DATA = (
    "${1 + 1}",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "' + T(java.lang.Runtime) + '",
    "'}${1}",
    "}${1 + 1}${",
    "$",
    "${",
    "#{1}",
    "' == '' or '1' == '1",
    "true",
    "'",
    '"',
    "\\",
    "\ue000\ue100",
)


def scope() -> Scope:
    return Scope(CONTEXT)


def attack(text: str) -> tuple[Any, float]:
    """The only failure that an expression ends in, and the time that it took."""
    world = scope()
    began = time.process_time()
    walk = Walk(world)
    value = walk.single(read_part(text, 0), text)
    took = time.process_time() - began
    assert len(walk.failures) == 1, f"it has a value: {value!r}"[:200]
    assert world.budget.steps > -10_000_000
    return walk.failures[0], took


@pytest.mark.parametrize("text", [pytest.param(text, id=f"{i}: {text[:50]!a}") for i, (text, _) in enumerate(ATTACKS)])
def test_an_attack_ends_in_a_clean_error_in_time(text: str) -> None:
    failure, took = attack(text)
    assert failure.level == "ERROR"
    assert failure.kind != FAULT
    assert failure.reason
    assert len(failure.reason) < 3_000
    assert took < WALL


def test_there_are_as_many_attacks_as_was_promised() -> None:
    assert len({text for text, _ in ATTACKS}) >= 300
    assert all(note for _, note in ATTACKS)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_attack_has_an_answer_in_time(text: str) -> None:
    began = time.process_time()
    walk = Walk(scope())
    walk.single(read_part(text, 0), text)
    assert not walk.failures
    assert time.process_time() - began < WALL


@pytest.mark.parametrize("data", DATA)
def test_data_is_never_read_as_text_of_the_pipeline(data: str) -> None:
    world = Scope({"x": data, "list": [data], "map": {"a": data, data: 1}})
    assert evaluate("${x}", world).value == data
    assert evaluate("a${x}b", world).value == f"a{data}b"
    assert evaluate("${x}${x}", world).value == data + data
    assert evaluate({"k": ["${list}", "${map}"]}, world).value == {"k": [[data], {"a": data, data: 1}]}
    assert evaluate("${'' + x}", world).value == data
    assert evaluate("${list.![#this]}", world).value == [data]
    assert evaluate({"${x}": 1}, world).value == {data: 1}
    assert condition("'${x}'.length()", world).value == len(data)
    assert condition("'${x}' == x", world).value is True
    assert condition("('' + ${x}) == x", world).value is True


def test_a_part_without_a_value_opens_no_way_back_for_data() -> None:
    harmless = evaluate("a ${x} ${gone}", Scope({"x": "data"}))
    assert (harmless.value, harmless.unresolved) == ("a data ${gone}", ("a data ${gone}",))
    for before, data in (("a ${x} ${gone}", "${1}"), ("a ${x}{1} ${gone}", "$"), ("${x}${gone}", "${1")):
        done = evaluate(before, Scope({"x": data}))
        assert (done.value, done.unresolved) == (before, (before,))
        assert [failure.level for failure in done.failures] == ["INFO"]


def test_steps_are_shared_by_all_texts_of_a_value() -> None:
    loops = "${many.![#root.key == 'a' and #this > 1].size()}"
    assert evaluate(loops, scope()).value == 2_000
    done = evaluate({str(number): loops for number in range(100)}, scope())
    assert {failure.kind for failure in done.failures} == {"SpelLimitException"}
    assert "needs more than 100,000 steps" in done.failures[0].reason


def test_deep_values_are_refused_and_shallow_ones_are_not() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    world = Scope({"deep": deep, "also": [deep]})
    for text in ("${deep}", "a${deep}", "${deep == also}", "${{deep}}", "${deep.toString()}", "${deep.hashCode()}"):
        done = evaluate(text, world)
        assert [failure.kind for failure in done.failures] == ["SpelLimitException"], text
    nested = {"a": "${1}"}
    for _ in range(98):
        nested = {"a": nested}
    assert not evaluate(nested, world).failures
    assert "nested deeper than 100 levels" in evaluate([[[nested]]], world).failures[0].reason
    assert evaluate(deep, world).value is deep


@pytest.mark.parametrize(
    "text",
    [
        "T(Math).abs(" * 49 + "1" + ")" * 49,
        "{" * 99 + "1" + "}" * 99,
        "one" + ".![#root.one" * 49 + ".size()" + "]" * 49,
        "true ? " * 99 + "1" + " : 2" * 99,
        "'a'.concat(" * 49 + "'b'" + ")" * 49,
        "{0}[" * 49 + "0" + "]" * 49,
    ],
    ids=("calls", "lists", "projections", "ternaries", "methods", "indexes"),
)
def test_the_deepest_expressions_leave_room_on_the_stack_for_those_who_ask(text: str) -> None:
    def below(frames: int) -> Any:
        return below(frames - 1) if frames else evaluate(f"${{{text}}}", Scope({"one": [1]}))

    assert below(450).failures == ()
