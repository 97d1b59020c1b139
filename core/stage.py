"""Stage types as plugins write them: a class whose attributes are fields and whose methods are tasks.

Separate from `model.stage_type` because that is what the engine knows, and this is what runs.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, overload

from gennaker.core.fields import Field, fields_of, read, schema
from gennaker.core.model.messages import Outcome
from gennaker.core.model.stage_type import Effect, StageType, TaskType
from gennaker.core.run import Retryable, Run

__all__ = ["PHASES", "Outcome", "Retryable", "Run", "Stage", "declaration", "task"]

#: The optional methods of a stage that give its synthetic stages; each answers a list of stages in Spinnaker's JSON.
PHASES = ("before", "after", "on_failure")
_MARK = "__gennaker_task__"

Method = TypeVar("Method", bound=Callable[[Any, Run], Outcome])


@overload
def task(method: Method) -> Method: ...


@overload
def task(
    *,
    name: str = "",
    answer_by: float = 60.0,
    timeout: float | None = None,
    overridable: bool = False,
    retries: int = 20,
    backoff: float = 1.0,
    effect: Effect = "idempotent",
    loop_start: bool = False,
    loop_end: bool = False,
) -> Callable[[Method], Method]: ...


def task(method: Method | None = None, *, name: str = "", **options: Any) -> Any:
    """Mark a method as a task; tasks run in the order of their definition.

    `name` is the task's name for clients (the method's in camelCase otherwise); the other options are those of
    `gennaker.core.model.stage_type.TaskType`: `answer_by`, `timeout`, `backoff` in seconds, `retries`, `effect` (rule 10), loops.
    """

    def mark(function: Method) -> Method:
        setattr(function, _MARK, TaskType(name=name or _camel_case(function.__name__), **options))
        return function

    return mark if method is None else mark(method)


class Stage:
    """The parent of all stage types. An object of it lives for one call and holds the fields of one stage.

    `class Wait(Stage, type="wait")` gives the type its name; a subclass without `type` only shares tasks and fields. Optional methods,
    all called as `method(run)`: `before`, `after`, `on_failure` answer stages (`list[Json]`), `cancel` cleans up after a halt.
    `conditions`, `sequential` and `skips` say how the engine evaluates the context: see `gennaker.core.model.stage_type.StageType`.
    """

    type: ClassVar[str] = ""
    provider: ClassVar[str] = ""
    quick: ClassVar[bool] = False
    skippable: ClassVar[bool] = False
    restart_clears: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[bool] = False
    conditions: ClassVar[tuple[str, ...]] = ()
    sequential: ClassVar[str] = ""
    skips: ClassVar[tuple[str, ...]] = ()
    #: Why no stage of this type can run.
    refusal: ClassVar[str] = ""
    #: Functions for expressions, of the types that look outside for them.
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    #: Name of the plugin that brought it, set when that is loaded.
    plugin: ClassVar[str] = ""
    #: Contexts that work, shown in the reference page and run by the conformance check.
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()
    fields: ClassVar[tuple[Field, ...]] = ()
    #: Task name to its declaration and method, in order.
    tasks: ClassVar[dict[str, tuple[TaskType, Callable[[Any, Run], Outcome]]]] = {}

    def __init_subclass__(
        cls,
        *,
        type: str = "",
        provider: str = "",
        quick: bool = False,
        skippable: bool = False,
        restart_clears: tuple[str, ...] = (),
        asks: bool = False,
        conditions: tuple[str, ...] = (),
        sequential: str = "",
        skips: tuple[str, ...] = (),
        **rest: Any,
    ) -> None:
        """Read the declaration. Raises TypeError, at import, for one that cannot work."""
        super().__init_subclass__(**rest)
        if taken := [name for name, value in vars(cls).items() if isinstance(value, Field) and hasattr(Stage, name)]:
            raise TypeError(f"{cls.__name__}.{taken[0]}: a field cannot have this name, which every stage type uses")
        cls.type, cls.provider, cls.quick, cls.skippable = type, provider, quick, skippable
        cls.restart_clears = restart_clears
        cls.asks, cls.conditions, cls.sequential, cls.skips = asks, conditions, sequential, skips
        cls.fields = fields_of(cls, cls.fields)
        cls.tasks = _tasks_of(cls)
        for phase in (*PHASES, "cancel"):
            if (method := getattr(cls, phase, None)) is not None:
                _check_method(cls, phase, method)

    def __init__(self, context: Mapping[str, Any], where: str = "") -> None:
        """The stage with its fields read from a context. Raises InvalidRequest for a value that a field does not take."""
        for declared in self.fields:
            setattr(self, declared.attribute, read(declared, context, where or f"stage type {self.type}"))


def key_of(stage: type[Stage]) -> str:
    """What a stage type is found by: `type`, or `type.provider`."""
    return f"{stage.type}.{stage.provider}" if stage.provider else stage.type


def declaration(stage: type[Stage], plugin: str, version: str) -> StageType:
    """What the engine is told of a stage type (rule 15)."""
    return StageType(
        type=stage.type,
        provider=stage.provider,
        plugin=plugin,
        version=version,
        description=inspect.cleandoc(stage.__doc__ or "").partition("\n\n")[0].replace("\n", " "),
        tasks=tuple(declared for declared, _ in stage.tasks.values()),
        before=hasattr(stage, "before"),
        after=hasattr(stage, "after"),
        on_failure=hasattr(stage, "on_failure"),
        cancel=hasattr(stage, "cancel"),
        skippable=stage.skippable,
        quick=stage.quick,
        restart_clears=stage.restart_clears,
        refusal=stage.refusal,
        asks=stage.asks,
        conditions=stage.conditions,
        sequential=stage.sequential,
        skips=stage.skips,
        functions=tuple(stage.functions),
        fields=schema(stage.fields),
    )


def _tasks_of(cls: type[Stage]) -> dict[str, tuple[TaskType, Callable[[Any, Run], Outcome]]]:
    found = {name: (declared, getattr(cls, method.__name__)) for name, (declared, method) in cls.tasks.items()}
    for attribute, method in vars(cls).items():
        declared = getattr(method, _MARK, None)
        if declared is None:
            continue
        _check_method(cls, attribute, method)
        if declared.name in found and found[declared.name][1] is not method:
            raise TypeError(f"{cls.__name__}.{attribute}: there is a task {declared.name!r} already")
        found[declared.name] = (declared, method)
    return found


def _check_method(cls: type[Stage], attribute: str, method: Any) -> None:
    if inspect.iscoroutinefunction(method):
        raise TypeError(
            f"{cls.__name__}.{attribute}: must be a plain method, not `async def`: it runs in a thread of its own"
        )
    try:
        inspect.signature(method).bind(None, None)
    except (TypeError, ValueError):
        raise TypeError(f"{cls.__name__}.{attribute}: must be callable as `{attribute}(self, run)`") from None


def _camel_case(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)
