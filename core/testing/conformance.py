"""Whether stage types keep their promises when messages come twice, in any order, or after a crash (rules 8 to 12).

Separate from `rig` because this is a judgement: it runs a stage calmly, then in trouble, and tells what differs.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, get_args, get_origin

from msgspec import Struct
from msgspec.structs import replace

from gennaker.core.fields import Field
from gennaker.core.model.execution import Execution
from gennaker.core.model.status import Status
from gennaker.core.services import Json, Services
from gennaker.core.stage import Stage, key_of
from gennaker.core.testing.rig import Rig
from gennaker.core.testing.trouble import Trouble

#: Seconds that a call of a quick stage type may take (rule 12).
QUICK_S = 0.1
_SEEDS = 12
#: Each trial is an execution of its own, so that no effect key is used twice.
_NUMBERS = itertools.count(1)
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Finding(Struct, frozen=True, kw_only=True):
    """A promise that is not kept."""

    #: Stage type, or the plugin's name.
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}"


def check_module(module: ModuleType, others: Iterable[type[Stage]] = (), settings: Any = None) -> list[Finding]:
    """Check all stage types of a plugin's module; `others` are stage types that its plans may use."""
    given = getattr(module, "gennaker_stages", None)
    wanted = inspect.signature(given).parameters if given is not None else {}
    stages = list(given(**dict.fromkeys(wanted, settings))) if given is not None else []
    services = Services(settings=settings)
    return [found for stage in stages for found in check_stage(stage, [*stages, *others], services=services)]


def check_stage(
    stage: type[Stage],
    others: Sequence[type[Stage]] = (),
    *,
    services: Services | None = None,
    prepare: Callable[[Rig], None] | None = None,
) -> list[Finding]:
    """Check one stage type with each of its `examples`, or with the least that its fields allow.

    `prepare` is given each rig before it runs: to tell its `http` what to answer.
    """
    subject = key_of(stage)
    problems = _declared(stage)
    known = {key_of(one): one for one in (*others, stage)}
    for context in stage.examples or (least_context(stage),):
        setting = _Setting(stage=stage, known=known, context=context, services=services, prepare=prepare)
        problems += _behaves(setting)
    return [Finding(subject=subject, problem=text) for text in dict.fromkeys(problems)]


def least_context(stage: type[Stage]) -> Json:
    """A context with a value for each field that must be given."""
    return {one.name: _sample(one) for one in stage.fields if one.required}


def _declared(stage: type[Stage]) -> list[str]:
    problems = []
    if not inspect.cleandoc(stage.__doc__ or ""):
        problems.append("has no docstring; expected one sentence on what it does, shown in the reference page")
    problems += [f"field {one.name} has no description" for one in stage.fields if not one.description]
    if not stage.tasks and not any(hasattr(stage, phase) for phase in ("before", "after")):
        problems.append("has no tasks and plans no stages, so it would do nothing")
    return problems


class _Setting(Struct, frozen=True, kw_only=True):
    """What every trial of a stage type has in common."""

    stage: type[Stage]
    known: dict[str, type[Stage]]
    context: Json
    services: Services | None
    prepare: Callable[[Rig], None] | None


def _behaves(setting: _Setting) -> list[str]:
    calm = _Trial(setting, Trouble())
    if problems := calm.crimes():
        return problems
    once = {declared.name for declared, _ in setting.stage.tasks.values() if declared.effect == "at_most_once"}
    for name, trouble in (
        ("delivered twice", Trouble(duplicate=0.5, reorder=True)),
        ("answered in another order", Trouble(reorder=True)),
        ("interrupted by a crash", Trouble(crash=0.4, lost=0.2)),
    ):
        for seed in range(_SEEDS):
            trial = _Trial(setting, replace(trouble, seed=seed))
            found = trial.crimes()
            if not once and trial.ends != calm.ends:
                found.append(f"ends {trial.ends} when work is {name} (seed {seed}), and {calm.ends} otherwise")
            if again := trial.repeated(once):
                found.append(f"made the at-most-once call {again!r} twice when work is {name} (seed {seed})")
            if found:
                problems += found
                break
    cancelled = _Trial(setting, Trouble(duplicate=1.0), cancel=True)
    return problems + [f"{text} (cancelled at once)" for text in cancelled.crimes()]


class _Trial:
    """Two stages of the type side by side, neither touched by the other's failure, run to their end in some kind of trouble."""

    def __init__(self, setting: _Setting, trouble: Trouble, *, cancel: bool = False) -> None:
        stage = setting.stage
        self._stage = stage
        known = setting.known.values()
        id_ = f"TEST{next(_NUMBERS)}"
        self._rig = Rig(*known, services=setting.services, trouble=trouble, id_=id_)
        if setting.prepare is not None:
            setting.prepare(self._rig)
        own = {"failPipeline": False, **setting.context, "type": stage.type}
        if stage.provider:
            own["cloudProvider"] = stage.provider
        self._rig.start({"stages": [{**own, "refId": "1", "name": "one"}, {**own, "refId": "2", "name": "two"}]})
        if cancel:
            self._rig.cancel()
        self.ends = _ends(self._rig.run())

    def repeated(self, names: set[str]) -> str:
        """An at-most-once task that was carried out twice for one effect key; empty when none was."""
        seen: set[str] = set()
        for called in self._rig.called:
            if called.work.name in names and not called.work.again:
                if called.work.key in seen:
                    return called.work.name
                seen.add(called.work.key)
        return ""

    def crimes(self) -> list[str]:
        """What no call may do, whatever happens to it."""
        found = []
        times: dict[str, float] = {}
        for called in self._rig.called:
            if called.work.type != self._stage.type:
                continue
            name, outcome = called.work.name, called.outcome
            times[name] = min(times.get(name, called.took), called.took)
            if outcome.status is Status.TERMINAL and outcome.error:
                kind, details = outcome.error.get("exceptionType"), outcome.error.get("details", {})
                if kind in ("WrongAnswer", "UnknownPhase"):
                    found.append(str(details.get("error")))
                elif self._stage.examples and details.get("stackTrace") and not outcome.retryable:
                    found.append(f"{name} raised {kind}: {details.get('error')}; a failure is told by `run.failed(…)`")
        for name, took in times.items():
            if self._stage.quick and took > QUICK_S:
                found.append(f"is declared quick, but {name} took {took:.2f} s; expected under {QUICK_S} s")
        harmless = [declared.name for declared, _ in self._stage.tasks.values() if declared.effect == "none"]
        if len(harmless) == len(self._stage.tasks) and any(a.method not in _SAFE_METHODS for a in self._rig.http.asked):
            found.append("declares no effect, but makes calls that change something (neither GET nor HEAD)")
        return found


def _ends(execution: Execution) -> str:
    stages = sorted((stage.name, stage.status.value, sorted(stage.outputs)) for stage in execution.top_level())
    told = [f"{status} with outputs {', '.join(outputs)}" if outputs else status for _, status, outputs in stages]
    return " and ".join(dict.fromkeys(told))


def _sample(one: Field) -> Any:
    kind = get_origin(one.plain) or one.plain
    if kind in (int, float):
        return kind(one.minimum if one.minimum is not None else 1)
    if kind in (bool, list, dict):
        return kind()
    choices = get_args(one.plain)
    return choices[0] if choices and isinstance(choices[0], str) else "example"
