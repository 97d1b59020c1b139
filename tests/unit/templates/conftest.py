"""A template and a pipeline that uses it, to change in one place."""

from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]


@pytest.fixture
def template() -> Callable[..., Json]:
    """Makes a template; keywords replace its keys, `stages` and `pipeline` those of its pipeline."""

    def make(*, stages: Any = None, pipeline: Json | None = None, **changes: Any) -> Json:
        made = {"stages": [{"refId": "a", "type": "wait"}] if stages is None else stages, **(pipeline or {})}
        document = {"schema": "v2", "id": "release", "variables": [], "pipeline": made, **changes}
        return {key: value for key, value in document.items() if value is not ...}

    return make


@pytest.fixture
def config() -> Callable[..., Json]:
    """Makes a pipeline from the template; keywords replace its keys."""

    def make(**changes: Any) -> Json:
        made = {
            "type": "templatedPipeline",
            "schema": "v2",
            "application": "shop",
            "name": "ship",
            "template": {"type": "front50/pipelineTemplate", "reference": "spinnaker://release"},
            **changes,
        }
        return {key: value for key, value in made.items() if value is not ...}

    return make
