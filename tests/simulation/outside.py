"""The outside of a simulated world: stage types, workers that obey the seed, and a service that honours effect keys."""

import random
from dataclasses import dataclass, field

from gennaker.core.model.messages import ChildRequest, Outcome, Reply
from gennaker.core.model.stage_type import StageType, StageTypes, TaskType
from gennaker.core.model.status import Status
from gennaker.core.model.work import LOOKUP_TYPE, Work

TYPES: StageTypes = {
    each.type: each
    for each in (
        StageType(type="quick", tasks=(TaskType(name="go"),), quick=True),
        StageType(
            type="long",
            tasks=(TaskType(name="begin"), TaskType(name="watch", timeout=40, backoff=0.5), TaskType(name="end")),
            cancel=True,
            skippable=True,
            restart_clears=("seen",),
        ),
        StageType(type="loop", tasks=(TaskType(name="head", loop_start=True), TaskType(name="tail", loop_end=True))),
        StageType(
            type="rich",
            tasks=(TaskType(name="work", retries=2),),
            before=True,
            after=True,
            on_failure=True,
            cancel=True,
        ),
        StageType(type="judge", tasks=(TaskType(name="wait", timeout=3600),)),
        StageType(type="child", tasks=(TaskType(name="start"),)),
        StageType(type="locked", tasks=(TaskType(name="lock", timeout=300), TaskType(name="watch")), cancel=True),
        StageType(type="restrictExecutionDuringTimeWindow", tasks=(TaskType(name="watch"),)),
        StageType(type=LOOKUP_TYPE, functions=("ask",)),
    )
}


@dataclass
class Service:
    """Performs an effect once per key, and remembers every call."""

    performed: set[str] = field(default_factory=set)
    calls: dict[str, list[bool]] = field(default_factory=dict)

    def call(self, key: str, again: bool) -> None:
        """One call; the first performs. Messages may overtake one another, so any one of them may be the unmarked one."""
        self.calls.setdefault(key, []).append(again)
        self.performed.add(key)

    @property
    def unmarked(self) -> list[str]:
        """Keys that were called more than once without the mark that it may be a repeat."""
        return [key for key, marks in self.calls.items() if marks.count(False) > 1]


class Worker:
    """Does what the seed says for a key and attempt: the same hand-out may still end differently each time it is run."""

    def __init__(self, rng: random.Random, service: Service) -> None:
        self._rng = rng
        self._service = service

    def run(self, work: Work) -> Reply:
        """One call."""
        self._service.call(f"{work.key}:{work.kind}", work.again)
        return _reply(work, self._outcome(work))

    def expired(self, work: Work) -> Reply:
        """The work came too late to be begun."""
        return _reply(work, Outcome(status=Status.TERMINAL, error={"details": {"errors": ["expired"]}}, expired=True))

    def _outcome(self, work: Work) -> Outcome:
        chance = self._rng.random()
        if work.kind == "plan":
            if chance < 0.1:
                return Outcome(status=Status.TERMINAL, error={"details": {"errors": ["no plan"]}})
            stages = ({"type": "quick", "name": "a"}, {"type": "long", "name": "b"})[: self._rng.randrange(3)]
            return Outcome(status=Status.SUCCEEDED, stages=stages)
        if work.kind == "evaluate":
            if chance < 0.1:
                return Outcome(status=Status.TERMINAL, error={"details": {"error": "no answer"}})
            if chance < 0.2:
                return Outcome(status=Status.RUNNING, error={"details": {"errors": ["busy"]}}, retryable=True)
            answer = {"value": self._rng.choice(("yes", "no"))}
            return Outcome(status=Status.SUCCEEDED, context={each.key: answer for each in work.wanted})
        if work.kind == "cancel":
            return Outcome(status=Status.SUCCEEDED)
        if work.name == "lock":
            return Outcome(status=Status.RUNNING, lock=f"cluster {work.context.get('refId', 0)}")
        if work.type == "judge":
            answered = work.context.get("judgmentStatus")
            return Outcome(status=Status.SUCCEEDED if answered else Status.RUNNING)
        if work.type == "child" and chance < 0.9:
            wanted = ChildRequest(application="app", pipeline=work.context["pipeline"], detached=chance < 0.2)
            return Outcome(status=Status.RUNNING, child=wanted)
        if work.name == "tail" and chance < 0.4 and work.round < 5:
            return Outcome(status=Status.REDIRECT)
        if work.name == "watch" and chance < 0.5:
            return Outcome(status=Status.RUNNING, again_in=self._rng.choice((0.1, 1, 5)))
        if chance < 0.03:
            return Outcome(status=Status.RUNNING, error={"details": {"errors": ["busy"]}}, retryable=True)
        if chance < 0.06:
            return Outcome(status=Status.TERMINAL, error={"details": {"errors": ["broken"]}})
        return Outcome(status=Status.SUCCEEDED, outputs={work.name: work.attempt})


def _reply(work: Work, outcome: Outcome) -> Reply:
    return Reply(
        stage=work.stage, kind=work.kind, name=work.name, round=work.round, attempt=work.attempt, outcome=outcome
    )
