"""The queues of our stage types are there before others hear of the types: what is sent to them at once is not returned."""

from typing import Any

import pytest

from gennaker.core.runtime import runtime as runtime_module
from gennaker.core.runtime.catalogue import Catalogue


def test_rule_09_our_queues_exist_before_our_types_are_published(
    runtimes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[set[str]] = []
    start = Catalogue.start

    def noted(catalogue: Catalogue) -> None:
        there.append({queue.name for queue in made[0].status()})
        start(catalogue)

    made: list[Any] = []
    opened = runtime_module.open_bus

    def keeping(*given: Any, **more: Any) -> Any:
        made.append(opened(*given, **more))
        return made[-1]

    monkeypatch.setattr(runtime_module, "open_bus", keeping)
    monkeypatch.setattr(Catalogue, "start", noted)
    runtime = runtimes()
    own = {type_.queue for type_ in runtime.plugins.types.values()}
    assert own <= there[0]
