"""What the stages of clouds would do, asked of the clouds before anything happens.

Separate from `core.outlook`, which is pure: this reads. A cloud that this process does not have is said to be unknown here.
"""

import logging
from collections.abc import Mapping
from typing import Any

from gennaker.core.cloud.stage import CloudParts, CloudStage
from gennaker.core.errors import GennakerError
from gennaker.core.model.execution import Stage as StageState
from gennaker.core.model.stage_type import StageTypes, find
from gennaker.core.stage import Stage

Json = dict[str, Any]
_log = logging.getLogger("gennaker.outlook")
_MOST = 100


class CloudOutlook:
    """Tells of a stage with its expressions evaluated. `stages` are those that this process can run, by key."""

    def __init__(self, stages: Mapping[str, type[Stage]], types: StageTypes, application: str) -> None:
        self._stages = stages
        self._types = types
        self._application = application

    def __call__(self, stage: StageState) -> Json:
        """`{clouds: [{stage, cloudProvider, account, region, does: […]}]}`; empty for a stage of no cloud."""
        own = self._stages.get(stage.type)
        context = {**stage.context, "type": stage.type, "name": stage.name}
        if own is not None and issubclass(own, CloudParts):
            try:
                parts = own(context, f"stage {stage.name!r}").parts()
            except GennakerError as error:
                return {"clouds": [_told(context, [f"fails: {error}"])]}
        else:
            parts = [context]
        told = [_told(part, does) for part in parts[:_MOST] if (does := self._does(part)) is not None]
        return {"clouds": told} if told else {}

    def _does(self, part: Json) -> list[str] | None:
        """One sentence for each thing that a stage would do; None for one of no cloud."""
        type_ = find(self._types, part["type"], part)
        if type_ is None or not type_.provider:
            return None
        if type_.refusal:
            return [f"is refused: {type_.refusal}"]
        code = self._stages.get(type_.key)
        if code is None or not issubclass(code, CloudStage):
            return [f"what it does is not known here: this process does not have the cloud {type_.provider}"]
        try:
            return code(part, f"stage {part.get('name')!r}").ahead(self._application, part)
        except GennakerError as error:
            return [f"would fail as things are: {error}"]
        except Exception as error:
            _log.exception("a cloud cannot tell what a stage of type %s would do", part["type"])
            return [f"what it does cannot be told: {type(error).__name__}: {error}"]


def _told(part: Json, does: list[str]) -> Json:
    keys = {"cloudProvider": part.get("cloudProvider") or "aws", "region": part.get("region")}
    account = part.get("credentials") or part.get("account")
    return {"stage": part.get("name") or part["type"], "account": account, **keys, "does": does}
