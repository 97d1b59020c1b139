"""What one evaluation of an expression costs, its parse kept, as the engine makes it for a stage.

Separate because it needs neither database nor bus, and is compared with the machine's own unit.
"""

import time

from gennaker.core.expressions import evaluate, scope_for
from gennaker.core.model.execution import Execution, Stage

#: Name to text: what pipelines hold most.
TEXTS = {
    "a look-up": "${parameters.version}",
    "a comparison": "${parameters.env == 'prod'}",
    "a text around a look-up": "v${parameters.version}",
    "a helper function": "${#stage('Build').outputs.id}",
    "a selection": "${execution.stages.?[type == 'build'].size()}",
}
_TIMES, _ROUNDS = 100, 80


def measure() -> dict[str, float]:
    """Seconds for each, least of many rounds."""
    build = Stage(id="1", ref_id="1", type="build", name="Build", outputs={"id": 7})
    stage = Stage(id="2", ref_id="2", type="nothing", name="Deploy", requisites=("1",))
    trigger = {"type": "manual", "parameters": {"version": "1.2", "env": "prod"}}
    execution = Execution(id="E", trigger=trigger, stages={"1": build, "2": stage})
    found = {}
    for name, text in TEXTS.items():
        best = 1.0
        for _ in range(_ROUNDS):
            scope = scope_for(execution, stage, now=1_700_000_000_000, values={})
            began = time.perf_counter()
            for _ in range(_TIMES):
                evaluate(text, scope)
            best = min(best, (time.perf_counter() - began) / _TIMES)
        if (done := evaluate(text, scope)).failures:
            raise RuntimeError(f"{text} has no value: {done.failures[0].reason}")
        found[name] = best
    return found
