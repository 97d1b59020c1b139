"""Stage type `wait`.

Separate because it is the one whose calls are worth an envelope: it never does more than look at the clock.
"""

from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task


class Wait(Stage, type="wait", quick=True, restart_clears=("skipRemainingWait",)):
    """Pause the pipeline for a while.

    The wait counts from the start of the stage and goes on while the pipeline is paused, as in Spinnaker.
    """

    examples = ({"waitTime": 30},)

    wait_time: float = field("waitTime", "seconds to wait", minimum=0, default=0)
    skip: bool = field("skipRemainingWait", "end the wait now; set by whoever skips it", default=False)

    @task(effect="none")
    def wait(self, run: Run) -> Outcome:
        """Answer how long is left."""
        left = self.wait_time - (run.now - run.work.stage_start) / 1000
        return run.succeeded() if self.skip or left <= 0 else run.running(again_in=left)
