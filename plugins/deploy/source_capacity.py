"""Stage types `captureSourceServerGroupCapacity` and `applySourceServerGroupCapacity`: a least size kept for later, and given back.

Separate because a rollback puts one before and one after what it changes. Source: reference engine §5.3.
"""

from typing import Any

from msgspec.structs import asdict

from gennaker.core.cloud.model import Capacity
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CLEARED, GroupStage

_SNAPSHOT = "sourceServerGroupCapacitySnapshot"


class CaptureSourceServerGroupCapacity(
    GroupStage, type="captureSourceServerGroupCapacity", restart_clears=(*CLEARED, _SNAPSHOT)
):
    """Keep the size that a server group has now, for applySourceServerGroupCapacity."""

    @task(effect="none")
    def capture_source_server_group_capacity(self, run: Run) -> Outcome:
        """Look."""
        if self.spread:
            return run.succeeded()
        had = self.present(run).capacity
        held = {"min": had.desired, "desired": had.desired, "max": had.max}
        return run.succeeded(context={_SNAPSHOT: asdict(had), "capacity": held}, outputs={_SNAPSHOT: asdict(had)})


class ApplySourceServerGroupCapacity(GroupStage, type="applySourceServerGroupCapacity", restart_clears=CLEARED):
    """Give a server group the least size that was kept, if that is lower than its own."""

    needs = ("resize",)

    snapshot: dict[str, Any] = field(_SNAPSHOT, "the size that was kept; that of an earlier stage if empty", default={})

    @task(answer_by=120.0, timeout=1800.0, backoff=2.0)
    def apply_source_server_group_capacity(self, run: Run) -> Outcome:
        """Ask for it."""
        if self.spread or not isinstance(self.snapshot.get("min"), int):
            return run.succeeded()
        group = self.present(run)
        least = min(self.snapshot["min"], group.capacity.min)
        if least < group.capacity.min:
            wanted = Capacity(min=least, max=group.capacity.max, desired=group.capacity.desired)
            self.cloud.resize(group, wanted, self.operation(run))
        return run.succeeded()
