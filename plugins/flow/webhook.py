"""Stage type `webhook`.

Separate because it is the one that calls out, by `services.http` and nothing else. What an answer means is in `answer`.
"""

import socket
from typing import Any, ClassVar, Literal

import msgspec

from gennaker.core.fields import field
from gennaker.core.model.status import Status
from gennaker.core.outbound import Blocked, CallFailed
from gennaker.core.services import HttpAnswer
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.flow.answer import Verdict, body_of, judge, kept, retried, status_url

#: Seconds between calls: after a create that may work later, while polling in the first minute, and after it.
_CREATE_AGAIN, _POLL_FIRST, _POLL_LATER, _FIRST_S = 10.0, 1.0, 15.0, 60.0
_CALL_TIMEOUT_S = 45.0
_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")

Resolution = Literal["getMethod", "locationHeader", "webhookResponse"]


class Webhook(Stage, type="webhook", restart_clears=("webhook",)):
    """Call a URL, and poll until the work behind it is done if wanted.

    A POST is made at least once: when a worker dies in the middle of the call it is made again. The calls that poll change nothing.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"url": "https://ci.example.com/build", "payload": {"branch": "main"}},
        {
            "url": "https://ci.example.com/build",
            "waitForCompletion": True,
            "statusUrlResolution": "getMethod",
            "statusJsonPath": "$.status",
            "successStatuses": "done",
            "terminalStatuses": "failed, aborted",
        },
    )

    url: str = field("url", "what to call", default="")
    method: str = field("method", "HTTP method", default="POST")
    payload: Any = field("payload", "body: an object is sent as JSON, text as it is", default=None)
    headers: dict[str, Any] = field("customHeaders", "headers, each with text or a list of texts", default={})
    fail_fast: list[int] = field("failFastStatusCodes", "status codes of the call that fail at once", default=[504])
    create_retries: list[int] = field(
        "webhookRetryStatusCodes", "status codes of the call that are tried again, besides 429 and 5xx", default=[]
    )
    wait_for_completion: bool = field("waitForCompletion", "poll until the work is done", default=False)
    monitor_only: bool = field("monitorOnly", "make no call, only poll", default=False)
    resolution: Resolution | None = field("statusUrlResolution", "where the URL to poll comes from", default=None)
    status_url_path: str = field("statusUrlJsonPath", "JSONPath of the URL to poll in the answer", default="")
    status_endpoint: str = field("statusEndpoint", "the URL to poll, when it is known", default="")
    status_path: str = field("statusJsonPath", "JSONPath of the status in the poll's answer", default="")
    progress_path: str = field("progressJsonPath", "JSONPath of a message about the progress", default="")
    success: list[str] = field("successStatuses", "statuses that mean success", default=[])
    canceled: list[str] = field("canceledStatuses", "statuses that mean cancelled", default=[])
    terminal: list[str] = field("terminalStatuses", "statuses that mean failure", default=[])
    poll_retries: list[int] = field(
        "retryStatusCodes", "status codes of a poll that are tried again, besides 429 and 5xx", default=[]
    )
    limits: dict[str, Any] = field("retries", 'by status code of a poll: `{"maxAttempts": n}`', default={})
    delay: float = field("waitBeforeMonitor", "seconds between the call and the first poll", minimum=0, default=0)
    signal: bool | None = field("signalCancellation", "false = do not call cancelEndpoint", default=None)
    cancel_url: str = field("cancelEndpoint", "what to call when the stage is cancelled or fails", default="")
    cancel_method: str = field("cancelMethod", "HTTP method of that call", default="POST")
    cancel_payload: Any = field("cancelPayload", "body of that call", default=None)
    account: str = field("account", "an account to sign in with; none can be configured here", default="")

    @task(timeout=300, overridable=True, effect="at_least_once")
    def create_webhook(self, run: Run) -> Outcome:
        """Make the call."""
        if self.account:
            return run.failed(
                f"the webhook account {self.account!r} is not known here: put its header into customHeaders"
            )
        if self.monitor_only:
            if self.wait_for_completion:
                return run.skipped()
            return run.failed("monitorOnly needs waitForCompletion: there would be nothing to do")
        if not self.url:
            return run.failed("there is no URL: expected one in the field url")
        method = self.method.upper()
        try:
            answer = self._call(run, method, self.url, self.payload)
        except Blocked as error:
            return run.failed(error.message, context={"webhook": {"error": error.message}})
        except CallFailed as error:
            told = {"webhook": {"error": error.message}}
            if error.retryable and (method in _REPEATABLE or _unknown_host(error)):
                return run.running(again_in=_CREATE_AGAIN, context=told)
            return run.failed(error.message, context=told)
        return self._created(run, answer)

    def _created(self, run: Run, answer: HttpAnswer) -> Outcome:
        told, code = kept(answer), answer.status
        if code >= 400:
            told["error"] = f"{self.method.upper()} {self.url} was answered with {code}"
            if code not in self.fail_fast and retried(code, self.create_retries):
                return run.running(again_in=_CREATE_AGAIN, context={"webhook": told})
            return run.failed(told["error"], context={"webhook": told})
        if self.wait_for_completion and not self.status_endpoint:
            try:
                told["statusEndpoint"] = status_url(self.resolution, self.status_url_path, self.url, answer)
            except ValueError as error:
                return run.failed(str(error), context={"webhook": {**told, "error": str(error)}})
        body = told.get("body")
        artifacts = body.get("artifacts") if isinstance(body, dict) and not self.wait_for_completion else None
        outputs = {"artifacts": artifacts} if isinstance(artifacts, list) else {}
        return run.succeeded({"webhook": told}, outputs)

    @task(name="waitBeforeMonitorWebhook", effect="none")
    def wait_before_monitor(self, run: Run) -> Outcome:
        """Let some time pass before the first poll."""
        if not self.wait_for_completion or not self.delay:
            return run.skipped()
        left = self.delay - run.elapsed
        return run.succeeded() if left <= 0 else run.running(again_in=left)

    @task(timeout=3600, overridable=True, effect="none")
    def monitor_webhook(self, run: Run) -> Outcome:
        """Poll once."""
        if not self.wait_for_completion:
            return run.skipped()
        webhook = run.context.get("webhook")
        webhook = webhook if isinstance(webhook, dict) else {}
        url = self.status_endpoint or webhook.get("statusEndpoint")
        url = url or (self.url if self.monitor_only and self.resolution in (None, "getMethod") else "")
        if not url:
            return run.failed("there is nothing to poll: expected a URL in the field statusEndpoint")
        before = webhook.get("monitor")
        before = before if isinstance(before, dict) else {}
        past = before.get("pastStatusCodes") or []
        try:
            answer = self._call(run, "GET", url, None)
        except Blocked as error:
            verdict, told = Verdict(status=Status.TERMINAL), {"error": error.message}
        except CallFailed as error:
            verdict = Verdict(status=Status.RUNNING if error.retryable else Status.TERMINAL)
            told = {"error": error.message}
        else:
            verdict, told = self._polled(answer, past), kept(answer)
            if answer.status >= 300:
                past = [*past, answer.status]
        monitor = {**told, **verdict.told, **({"pastStatusCodes": past} if past else {})}
        return self._monitored(run, webhook, before, monitor, verdict.status)

    def _polled(self, answer: HttpAnswer, past: list[int]) -> Verdict:
        code = answer.status
        if code < 300:
            return judge(
                body_of(answer),
                status_path=self.status_path,
                progress_path=self.progress_path,
                success=self.success,
                canceled=self.canceled,
                terminal=self.terminal,
            )
        error = {"error": f"the poll was answered with {code}"}
        limit = self.limits.get(str(code))
        most = limit.get("maxAttempts") if isinstance(limit, dict) else None
        again = past.count(code) + 1 < most if isinstance(most, int) else retried(code, self.poll_retries)
        return Verdict(status=Status.RUNNING if again else Status.TERMINAL, told=error)

    def _monitored(
        self, run: Run, webhook: dict[str, Any], before: dict[str, Any], monitor: dict[str, Any], status: Status
    ) -> Outcome:
        """The outcome of a poll; a poll that tells nothing new writes nothing."""
        context = {"webhook": {**webhook, "monitor": monitor}}
        if status is Status.RUNNING:
            news = {key: value for key, value in monitor.items() if key != "headers"}
            known = {key: value for key, value in before.items() if key != "headers"}
            again_in = _POLL_FIRST if run.elapsed < _FIRST_S else _POLL_LATER
            return run.running(again_in=again_in, context={} if news == known else context)
        if status is Status.TERMINAL:
            said = monitor.get("error") or f"the status is {monitor.get('resolvedValue')!r}"
            return run.failed(f"the work behind the webhook failed: {said}", context=context)
        return Outcome(status=status, context=context)

    def cancel(self, run: Run) -> Outcome | None:
        """Tell the other side, once and as well as it goes, that the stage was cancelled or has failed."""
        if not self.cancel_url or self.signal is False:
            return None
        try:
            answer = self._call(run, self.cancel_method.upper(), self.cancel_url, self.cancel_payload)
        except (Blocked, CallFailed) as error:
            return run.failed(f"cancelEndpoint: {error.message}")
        return None if answer.status < 400 else run.failed(f"cancelEndpoint was answered with {answer.status}")

    def _call(self, run: Run, method: str, url: str, payload: Any) -> HttpAnswer:
        if run.services.http is None:
            raise CallFailed("this process has no HTTP client", retryable=False)
        headers = {name: _header(value) for name, value in self.headers.items() if not _of_identity(name)}
        content = None
        if payload is not None and payload != "":
            content = payload.encode() if isinstance(payload, str) else msgspec.json.encode(payload)
            if not any(name.lower() == "content-type" for name in headers):
                headers["Content-Type"] = "text/plain" if isinstance(payload, str) else "application/json"
        timeout = max(1.0, min(_CALL_TIMEOUT_S, run.seconds_left - 5))
        follow = method in ("GET", "HEAD")
        return run.services.http.request(
            method, url, headers=headers, content=content, timeout=timeout, follow_redirects=follow
        )


def _header(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _of_identity(name: str) -> bool:
    return name.lower().startswith("x-spinnaker-")


def _unknown_host(error: BaseException) -> bool:
    """The call never began, because its host's name has no address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
