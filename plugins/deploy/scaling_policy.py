"""Stage types `upsertScalingPolicy` and `deleteScalingPolicy`: when a server group grows and shrinks by itself.

Separate because a policy is of one server group and says nothing of traffic, so no guard is asked.
"""

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CLEARED, GroupStage


class UpsertScalingPolicy(GroupStage, type="upsertScalingPolicy", restart_clears=CLEARED):
    """Create or change a scaling policy of a server group. Its fields are the cloud's own, as in Spinnaker."""

    needs = ("scalingPolicy",)

    policy: str = field("policyName", "name of the policy; made up by the cloud when empty", default="")

    @task(name="upsertScalingPolicy", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def upsert(self, run: Run) -> Outcome:
        """Ask for it."""
        if self.spread:
            return run.succeeded()
        wanted = {**run.context, "name": self.policy}
        name = self.cloud.upsert_scaling_policy(self.present(run), wanted, self.operation(run))
        return run.succeeded(context={"policyName": name})


class DeleteScalingPolicy(GroupStage, type="deleteScalingPolicy", restart_clears=CLEARED):
    """Remove a scaling policy of a server group; one that is not there is fine."""

    needs = ("scalingPolicy",)

    policy: str = field("policyName", "name of the policy", default="")

    @task(name="deleteScalingPolicy", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def delete(self, run: Run) -> Outcome:
        """Ask for it."""
        if self.spread:
            return run.succeeded()
        if not self.policy:
            raise InvalidRequest("no policy was named; expected its name", "policyName")
        self.cloud.delete_scaling_policy(self.present(run), self.policy, self.operation(run))
        return run.succeeded()
