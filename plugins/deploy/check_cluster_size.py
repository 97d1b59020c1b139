"""Stage type `checkClusterSize`: how many server groups a cluster has.

Separate because `checkPreconditions` plans a stage of this type for a condition that only a cloud's workers can check; it knows the name
of the type and nothing else. Source: reference engine §5.1.
"""

import operator
from collections.abc import Callable
from typing import Any, Literal

from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.place import PlacedStage

_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class CheckClusterSize(PlacedStage, type="checkClusterSize"):
    """Check how many server groups a cluster has in each region."""

    spreads = False

    comparison: Literal["<", "<=", "==", ">=", ">"] = field("comparison", "how they compare", default="==")
    expected: int = field("expected", "how many server groups", default=1, minimum=0)
    only_enabled: bool = field("onlyEnabledServerGroups", "count those with traffic only", default=False)
    given: dict[str, Any] = field("context", "the condition, as `checkPreconditions` was given it", default={})
    message: str = field("failureMessage", "what is told when it does not hold", default="")

    @task(effect="none", timeout=300.0, answer_by=30.0, backoff=5.0)
    def check_cluster_size(self, run: Run) -> Outcome:
        """Count."""
        for place in self.places:
            groups = self.in_cluster(place, self.cluster_of(run.application))
            counted = [group for group in groups if not (self.only_enabled and group.disabled)]
            if not _HOLDS[self.comparison](len(counted), self.expected):
                kind = "enabled server groups" if self.only_enabled else "server groups"
                names = ", ".join(group.name for group in counted) or "none"
                reason = f"expected {self.comparison} {self.expected} {kind} in {place.region} but found {len(counted)}: {names}"
                told = self.given.get("failureMessage") or self.message or f"Precondition check failed: {reason}"
                return run.failed(str(told))
        return run.succeeded()
