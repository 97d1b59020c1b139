"""The pipelines that are run: no-op stages, so that what is measured is all overhead.

Separate because every setting runs the same ones.
"""

from pathlib import Path
from typing import Any

Json = dict[str, Any]

_PLUGIN = '''
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Outcome, Run, Stage, task


class Noop(Stage, type="nothing", quick=True):
    """Does nothing."""

    @task
    def go(self, run: Run) -> Outcome:
        return run.succeeded()


@hookimpl
def gennaker_stages() -> list[type[Stage]]:
    return [Noop]
'''


def install(home: Path) -> None:
    """Put the plugin of the no-op stage into the home folder of a daemon."""
    folder = home / "plugins.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "noop.py").write_text(_PLUGIN)


def chain(length: int = 10, payload: int = 0) -> Json:
    """Stages one after another, each with so many bytes of context."""
    stages = [
        {"type": "nothing", "refId": str(n), "requisiteStageRefIds": [str(n - 1)] if n else []} for n in range(length)
    ]
    for stage in stages:
        if payload:
            stage["payload"] = {f"key{n}": "x" * 90 for n in range(payload // 100)}
    return {"application": "bench", "name": "chain", "stages": stages}


def fan(width: int = 10) -> Json:
    """One stage, so many side by side after it, and one that joins them."""
    first = {"type": "nothing", "refId": "first", "requisiteStageRefIds": []}
    wide = [{"type": "nothing", "refId": f"wide{n}", "requisiteStageRefIds": ["first"]} for n in range(width)]
    last = {"type": "nothing", "refId": "last", "requisiteStageRefIds": [each["refId"] for each in wide]}
    return {"application": "bench", "name": "fan", "stages": [first, *wide, last]}


def evaluated() -> Json:
    """The chain, with one expression in every stage."""
    whole = chain()
    for stage in whole["stages"]:
        stage["said"] = "${parameters.version}"
    return {**whole, "parameterConfig": [{"name": "version", "default": "1.2"}]}


SHAPES: dict[str, Json] = {"chain of 10": chain(), "fan-out of 10": fan()}
WIDER: dict[str, Json] = {"chain of 10, 20 KB contexts": chain(10, 20_000), "chain of 300": chain(300)}

EVALUATED: dict[str, Json] = {"chain of 10, an expression each": evaluated()}


def named(shape: str) -> Json:
    """A pipeline by its name."""
    return {**SHAPES, **WIDER, **EVALUATED}[shape]
