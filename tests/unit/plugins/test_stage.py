"""Stage types as classes."""

from typing import Any

import pytest

from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, declaration, key_of, task


class Shared(Stage):
    size: int = field("size", "how big", default=1)

    @task(answer_by=5, effect="token")
    def create_thing(self, run: Run) -> Outcome:
        return run.succeeded()


class Deploy(Shared, type="deploy", provider="cloud", skippable=True, restart_clears=("id",)):
    """Put it there."""

    @task(name="waitForIt", loop_start=True, loop_end=True)
    def watch(self, run: Run) -> Outcome:
        return run.redirect()

    def before(self, run: Run) -> list[dict[str, Any]]:
        return []

    def cancel(self, run: Run) -> None:
        return None


class Faster(Deploy, type="deploy", provider="fast"):
    def create_thing(self, run: Run) -> Outcome:
        return run.skipped()


def test_rule_15_a_declaration_tells_the_engine_all_it_needs() -> None:
    known = declaration(Deploy, "cloud", "2.0")
    assert (known.key, known.queue) == ("deploy.cloud", "stage.run.deploy.cloud")
    assert [(one.name, one.answer_by, one.effect) for one in known.tasks] == [
        ("createThing", 5, "token"),
        ("waitForIt", 60, "idempotent"),
    ]
    assert (known.before, known.after, known.on_failure, known.cancel) == (True, False, False, True)
    assert (known.skippable, known.quick, known.restart_clears) == (True, False, ("id",))
    assert (known.plugin, known.version, known.description) == ("cloud", "2.0", "Put it there.")
    assert key_of(Deploy) == "deploy.cloud"


def test_a_subclass_may_replace_what_a_task_does() -> None:
    assert list(Faster.tasks) == ["createThing", "waitForIt"]
    assert Faster.tasks["createThing"][1] is Faster.create_thing


def test_two_tasks_of_one_name_are_an_error_at_import() -> None:
    with pytest.raises(TypeError, match="there is a task 'createThing' already"):

        class Twice(Shared, type="twice"):
            @task(name="createThing")
            def other(self, run: Run) -> Outcome:
                return run.succeeded()


def test_a_task_that_is_a_coroutine_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match="not `async def`"):

        class Colour(Stage, type="colour"):
            @task  # type: ignore[type-var]
            async def go(self, run: Run) -> Outcome:
                return run.succeeded()


def test_a_task_with_the_wrong_parameters_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match=r"must be callable as `go\(self, run\)`"):

        class Odd(Stage, type="odd"):
            @task  # type: ignore[type-var]
            def go(self) -> Outcome:
                raise AssertionError


def test_a_plan_with_the_wrong_parameters_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match=r"must be callable as `after\(self, run\)`"):

        class Odd(Stage, type="odd"):
            def after(self) -> list[Any]:
                return []


def test_a_field_that_hides_a_part_of_every_stage_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match="plugin: a field cannot have this name"):

        class Hiding(Stage, type="hiding"):
            plugin: str = field("plugin", "which", default="")  # type: ignore[misc]
