"""Stage types that are written once for all clouds, and their copies for each.

Separate from `core.stage` because such a type exists once for each cloud that is loaded: work for it is routed to the workers that hold the
cloud's credentials, as `stage.run.<type>.<provider>`.
"""

from types import new_class
from typing import Any, ClassVar, cast

from gennaker.core.cloud.provider import Capability, Cloud, Operation
from gennaker.core.run import Run
from gennaker.core.stage import Stage


class CloudStage(Stage):
    """The parent of stage types of clouds. `needs` is what a cloud must be able to do for them."""

    needs: ClassVar[tuple[Capability, ...]] = ()
    #: The cloud of this copy.
    cloud: ClassVar[Cloud]

    def ahead(self, application: str, context: dict[str, Any]) -> list[str]:
        """What it would do as things are, one sentence each; reads only. `context` is complete but for what earlier stages find out.

        Raises GennakerError for what would make it fail.
        """
        return []

    def operation(self, run: Run, part: str = "") -> Operation:
        """What is asked of the cloud in this call; `part` tells several in one call apart."""
        return Operation(
            key=f"{run.key}/{part}" if part else run.key,
            again=run.again,
            user=run.user,
            application=run.application,
            execution=run.execution,
            seconds=run.seconds_left,
        )


class CloudParts(Stage):
    """The parent of a stage type that stands for stages of several clouds."""

    def parts(self) -> list[dict[str, Any]]:
        """The stages that it stands for. Raises InvalidRequest."""
        raise NotImplementedError


def bind(stage: type[CloudStage], cloud: Cloud) -> type[CloudStage]:
    """The copy of a stage type for a cloud; one that the cloud cannot do refuses every call, and says so when it is saved."""
    missing = [need for need in stage.needs if need not in cloud.capabilities]
    refusal = f"{cloud.name} cannot {', '.join(missing)}, which {stage.type} needs" if missing else ""
    options: dict[str, Any] = {
        "type": stage.type,
        "provider": cloud.name,
        "quick": stage.quick,
        "skippable": stage.skippable,
        "restart_clears": stage.restart_clears,
        "asks": stage.asks,
        "conditions": stage.conditions,
        "sequential": stage.sequential,
        "skips": stage.skips,
    }

    body = {"__doc__": stage.__doc__, "cloud": cloud, "refusal": refusal}
    made = new_class(stage.__name__, (stage,), options, lambda namespace: namespace.update(body))
    return cast(type[CloudStage], made)
