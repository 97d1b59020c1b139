"""Stage types of monitored deployments: `notifyDeployStarting`, `evaluateDeploymentHealth`, `notifyDeployCompleted`.

Separate because they talk to a service outside, and touch no cloud's operations. Source: reference clouds §3.4.
"""

import json
from typing import Any

import msgspec

from gennaker.core.fields import field
from gennaker.core.outbound import Blocked, CallFailed
from gennaker.core.stage import Outcome, Retryable, Run, task
from gennaker.plugins.deploy.place import PlacedStage
from gennaker.plugins.deploy.settings import Monitor, Settings

Json = dict[str, Any]
_POLL_S = 60.0
_LIMIT_S = 24 * 3600.0
#: Failures in a row before a monitor counts as not to be reached.
_FAILURES = 5


class _NextStep(msgspec.Struct, frozen=True):
    directive: str = "UNSPECIFIED"


class _Verdict(msgspec.Struct, frozen=True, rename="camel"):
    next_step: _NextStep = _NextStep()
    status_reason: Any = None


class Monitored(PlacedStage):
    """Shared fields and calls."""

    chosen: dict[str, Any] = field("deploymentMonitor", "`{id, parameters}`")
    new: str = field("newServerGroup", "the server group that was deployed", default="")
    old: str = field("oldServerGroup", "the one that it follows", default="")
    deployment: str = field("deploymentId", "the same for all calls of a deployment", default="")
    progress: int = field("currentProgress", "per cent reached", default=0, minimum=0, maximum=100)
    failed: bool = field("hasDeploymentFailed", "how the deployment ended", default=False)

    def monitor(self, run: Run) -> Monitor | None:
        """The monitor that the configuration has under this id."""
        settings = run.services.settings if isinstance(run.services.settings, Settings) else Settings()
        return next((one for one in settings.monitors if one.id == self.chosen.get("id")), None)

    def asked(self, run: Run, path: str, what: str) -> Outcome:
        """Ask the monitor, and go on as it says. Errors are tried again, then count as the monitor's settings say."""
        monitor = self.monitor(run)
        if monitor is None:
            settings = run.services.settings if isinstance(run.services.settings, Settings) else Settings()
            known = ", ".join(one.id for one in settings.monitors) or "none"
            return run.failed(
                f"there is no deployment monitor {self.chosen.get('id')!r}; plugins.deploy.monitors has {known}"
            )
        if run.elapsed > monitor.max_analysis_minutes * 60:
            return run.failed(
                f"deployment monitor {monitor.id} has not decided in {monitor.max_analysis_minutes:g} minutes"
            )
        try:
            verdict = self._call(run, monitor, path)
        except (Blocked, CallFailed, Retryable) as error:
            failures = int(run.context.get("monitorFailures") or 0) + 1
            if failures < _FAILURES:
                return run.running(again_in=10.0 * failures, context={"monitorFailures": failures})
            if monitor.fail_on_error:
                contact = f" ({monitor.support_contact})" if monitor.support_contact else ""
                return run.failed(f"deployment monitor {monitor.id}{contact} cannot be asked: {error}")
            return run.succeeded(context={"monitorError": str(error)})
        return self._followed(run, monitor, verdict, what)

    def _followed(self, run: Run, monitor: Monitor, verdict: _Verdict, what: str) -> Outcome:
        told = {"monitorFailures": 0, "monitorReason": verdict.status_reason}
        directive = verdict.next_step.directive
        if directive == "WAIT":
            return run.running(again_in=_POLL_S, context=told)
        if directive == "CONTINUE":
            return run.succeeded(context=told)
        if directive == "COMPLETE":
            return run.succeeded(context=told, outputs={"skipToPercentage": 100})
        reason = f": {_shown(verdict.status_reason)}" if verdict.status_reason else ""
        if directive == "ABORT":
            return run.failed(f"deployment monitor {monitor.id} stopped the deployment at {what}{reason}", context=told)
        return run.failed(
            f"deployment monitor {monitor.id} answered the directive {directive!r}; expected CONTINUE, WAIT, COMPLETE or ABORT"
        )

    def _call(self, run: Run, monitor: Monitor, path: str) -> _Verdict:
        if run.services.http is None:
            raise CallFailed("this worker makes no calls", retryable=False)
        answer = run.services.http.request(
            "POST",
            f"{monitor.base_url.rstrip('/')}{path}",
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            content=json.dumps(self._request(run)).encode(),
            timeout=min(30.0, max(1.0, run.seconds_left)),
        )
        if not 200 <= answer.status < 300:
            raise Retryable(f"it answered {answer.status}")
        if not answer.body.strip():
            return _Verdict(next_step=_NextStep("CONTINUE" if path != "/deployment/evaluateHealth" else "UNSPECIFIED"))
        try:
            return msgspec.json.decode(answer.body, type=_Verdict)
        except msgspec.MsgspecError as error:
            raise Retryable(f"its answer cannot be read: {error}") from None

    def _request(self, run: Run) -> Json:
        group = self.cloud.server_group(self.place.account, self.place.region, self.new) if self.new else None
        return {
            "application": run.application,
            "executionId": run.execution,
            "stageId": run.stage,
            "deploymentId": self.deployment,
            "oldServerGroup": self.old or None,
            "newServerGroup": self.new,
            "account": self.place.account,
            "region": self.place.region,
            "cloudProvider": self.cloud.name,
            "parameters": self.chosen.get("parameters") or {},
            "newInstances": [instance.id for instance in group.instances] if group else [],
            "currentProgress": self.progress,
            "hasDeploymentFailed": self.failed,
        }


class NotifyDeployStarting(Monitored, type="notifyDeployStarting", restart_clears=("monitorFailures",)):
    """Tell a deployment monitor that a deployment begins."""

    @task(timeout=_LIMIT_S, effect="at_least_once", answer_by=60.0)
    def notify_deploy_starting(self, run: Run) -> Outcome:
        """Tell it; it may refuse."""
        return self.asked(run, "/deployment/starting", "the start")


class EvaluateDeploymentHealth(Monitored, type="evaluateDeploymentHealth", restart_clears=("monitorFailures",)):
    """Ask a deployment monitor whether a deployment may go on."""

    @task(timeout=_LIMIT_S, effect="at_least_once", answer_by=60.0)
    def evaluate_deployment_health(self, run: Run) -> Outcome:
        """Ask until it decides."""
        return self.asked(run, "/deployment/evaluateHealth", f"{self.progress}%")


class NotifyDeployCompleted(Monitored, type="notifyDeployCompleted", restart_clears=("monitorFailures",)):
    """Tell a deployment monitor that a deployment has ended, and how."""

    @task(timeout=_LIMIT_S, effect="at_least_once", answer_by=60.0)
    def notify_deploy_completed(self, run: Run) -> Outcome:
        """Tell it."""
        return self.asked(run, "/deployment/completed", "the end")


def _shown(reason: Any) -> str:
    return str(reason.get("message") or reason) if isinstance(reason, dict) else str(reason)
