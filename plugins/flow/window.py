"""Stage type `restrictExecutionDuringTimeWindow`: what the engine puts in front of a stage that may run at certain hours only.

Separate because it only waits; `opening` knows the calendar. Its context is a copy of the context of the stage it stands for.
"""

import hashlib
from typing import Any

from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.flow.opening import Jitter, next_opening, read_window, read_zone
from gennaker.plugins.flow.preconfigured import Settings

_HOUR_S = 3600.0
_FIFTEEN_DAYS_S = 15 * 24 * 3600
_ALL_DAY = {"days": [1, 2, 3, 4, 5, 6, 7]}


class ExecutionWindow(
    Stage,
    type="restrictExecutionDuringTimeWindow",
    quick=True,
    restart_clears=("skipRemainingWait", "scheduledTime", "waitTime"),
):
    """Wait until the execution window of a stage opens; put in front of it by the engine.

    `scheduledTime` in its context says until when. A PATCH with `skipRemainingWait` ends the wait.
    """

    examples = ({"restrictedExecutionWindow": _ALL_DAY},)

    window: Any = field(
        "restrictedExecutionWindow",
        "`{days, whitelist: [{startHour, startMin, endHour, endMin}], jitter, timezone}`",
        default=None,
    )
    skip: bool = field("skipRemainingWait", "end the wait now; set by whoever skips it", default=False)

    @task(timeout=_FIFTEEN_DAYS_S, effect="none")
    def suspend_execution_during_time_window(self, run: Run) -> Outcome:
        """Answer how long it is until the window opens; asked again every hour, because zones change their rules."""
        if self.skip:
            return run.succeeded()
        try:
            window = read_window(self.window or {})
            zone = read_zone(window.timezone or _zone(run), "restrictedExecutionWindow.timezone")
            opens = next_opening(window, run.now, zone)
        except ValueError as error:
            return run.failed(str(error), context={"failureReason": str(error)})
        if opens <= run.now:
            return run.succeeded()
        left = (opens - run.now) / 1000
        return run.running(again_in=min(left, _HOUR_S), context={"scheduledTime": opens})

    @task(effect="none")
    def wait_for_jitter(self, run: Run) -> Outcome:
        """Wait a little longer, as long as the lot says."""
        jitter = read_window(self.window).jitter if self.window and not self.skip else Jitter()
        by_hand = jitter.skip_manual and run.trigger.get("type") == "manual"
        if not jitter.enabled or jitter.max_delay <= 0 or by_hand:
            return run.succeeded()
        delay = drawn(jitter, run.key)
        left = delay - (run.now - run.work.task_start) / 1000
        return run.succeeded() if left <= 0 else run.running(again_in=left, context={"waitTime": delay})


def drawn(jitter: Jitter, key: str) -> int:
    """Seconds between the least and the most, by lot; for the same call always the same."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    return jitter.min_delay + number % (jitter.max_delay - jitter.min_delay + 1)


def _zone(run: Run) -> str:
    settings = run.services.settings
    return settings.time_zone if isinstance(settings, Settings) else Settings().time_zone
