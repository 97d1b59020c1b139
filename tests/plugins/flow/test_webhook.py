"""The webhook stage against a real HTTP server."""

from typing import Any

import pytest

from gennaker.core.call import call
from gennaker.core.model.messages import Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.outbound import Outbound
from gennaker.core.services import Services
from gennaker.plugins.flow.webhook import Webhook

NOW = 1_700_000_000_000


class Caller:
    """Makes the calls of one webhook stage, and merges contexts as the engine does."""

    def __init__(self, **context: Any) -> None:
        self.context: dict[str, Any] = context
        self.http: Outbound | None = Outbound(allow=["127.0.0.0/8"])
        self.elapsed_s = 0.0

    def do(self, name: str, kind: str = "task") -> Outcome:
        work = Work(
            execution="E",
            stage="S",
            kind=kind,  # type: ignore[arg-type]
            name=name,
            round=0,
            attempt=1,
            key="k",
            at=NOW,
            answer_by=NOW + 60_000,
            not_after=NOW + 65_000,
            shard=0,
            type="webhook",
            task_start=NOW - round(self.elapsed_s * 1000),
            context=self.context,
        )
        outcome = call(Webhook, work, Services(http=self.http, clock=lambda: NOW))
        self.context = {**self.context, **outcome.context}
        return outcome

    def create(self) -> Outcome:
        return self.do("createWebhook")

    def monitor(self) -> Outcome:
        return self.do("monitorWebhook")

    @property
    def webhook(self) -> dict[str, Any]:
        found = self.context["webhook"]
        assert isinstance(found, dict)
        return found


def error(outcome: Outcome) -> str:
    assert outcome.status is Status.TERMINAL
    assert outcome.error is not None
    return str(outcome.error["details"]["error"])


def test_a_call_sends_what_was_asked_and_keeps_the_answer(site: Any) -> None:
    site.answer("/build", 201, {"id": 7})
    stage = Caller(
        url=f"{site.url}/build",
        method="put",
        payload={"a": [1]},
        customHeaders={"X-One": "1", "X-Many": ["a", "b"], "X-Spinnaker-User": "root"},
    )
    assert stage.create().status is Status.SUCCEEDED
    [asked] = site.asked
    assert (asked["method"], asked["path"], asked["body"]) == ("PUT", "/build", b'{"a":[1]}')
    assert asked["headers"]["content-type"] == "application/json"
    assert (asked["headers"]["x-one"], asked["headers"]["x-many"]) == ("1", "a, b")
    assert "x-spinnaker-user" not in asked["headers"]
    assert (stage.webhook["statusCode"], stage.webhook["statusCodeValue"]) == ("CREATED", 201)
    assert stage.webhook["body"] == {"id": 7}
    assert stage.monitor().status is Status.SKIPPED
    assert stage.do("waitBeforeMonitorWebhook").status is Status.SKIPPED


def test_a_payload_of_text_is_sent_as_it_is(site: Any) -> None:
    site.answer("/t", 200, b"plain words")
    stage = Caller(
        url=f"{site.url}/t", payload="a=b", customHeaders={"content-type": "application/x-www-form-urlencoded"}
    )
    stage.create()
    assert site.asked[0]["body"] == b"a=b"
    assert site.asked[0]["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert stage.webhook["body"] == "plain words"


def test_cookies_of_an_answer_are_not_kept(site: Any) -> None:
    site.answer("/t", 200, {}, Set_Cookie="session=abcdef")
    stage = Caller(url=f"{site.url}/t")
    stage.create()
    assert "abcdef" not in str(stage.webhook)


def test_artifacts_of_an_answer_become_outputs_when_nothing_is_waited_for(site: Any) -> None:
    site.answer("/t", 200, {"artifacts": [{"name": "x"}]})
    assert Caller(url=f"{site.url}/t").create().outputs == {"artifacts": [{"name": "x"}]}


@pytest.mark.parametrize(
    ("code", "more", "status"),
    [
        (302, {}, Status.SUCCEEDED),
        (400, {}, Status.TERMINAL),
        (404, {"webhookRetryStatusCodes": [404]}, Status.RUNNING),
        (404, {"webhookRetryStatusCodes": "403, 404"}, Status.RUNNING),
        (429, {}, Status.RUNNING),
        (500, {}, Status.RUNNING),
        (503, {"failFastStatusCodes": [503]}, Status.TERMINAL),
        (504, {}, Status.TERMINAL),
        (504, {"failFastStatusCodes": []}, Status.RUNNING),
    ],
)
def test_the_code_of_a_call_decides_whether_it_is_made_again(
    site: Any, code: int, more: dict[str, Any], status: Status
) -> None:
    site.answer("/t", code, {"why": "x"})
    stage = Caller(url=f"{site.url}/t", **more)
    outcome = stage.create()
    assert outcome.status is status
    assert stage.webhook["statusCodeValue"] == code
    assert outcome.again_in == (10 if status is Status.RUNNING else None)
    if status is Status.TERMINAL:
        assert error(outcome) == f"POST {site.url}/t was answered with {code}"


def test_an_address_that_is_not_permitted_fails_and_names_the_setting(site: Any) -> None:
    stage = Caller(url=f"{site.url}/t")
    stage.http = Outbound()
    assert "outbound.allow" in error(stage.create())
    assert "outbound.allow" in stage.webhook["error"]
    assert site.asked == []


def test_a_call_without_an_answer_is_repeated_only_if_it_may_be() -> None:
    assert Caller(url="http://127.0.0.1:1/", method="GET").create().status is Status.RUNNING
    assert "POST http://127.0.0.1:1/" in error(Caller(url="http://127.0.0.1:1/").create())


def test_a_host_without_an_address_may_have_one_later() -> None:
    assert Caller(url="http://no-such-host.invalid/").create().status is Status.RUNNING


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({}, "expected one in the field url"),
        ({"url": "ftp://x/"}, "only http and https"),
        ({"url": "http://x/", "account": "bob"}, "webhook account 'bob' is not known"),
        ({"monitorOnly": True}, "monitorOnly needs waitForCompletion"),
        ({"url": "http://x/", "customHeaders": {"Host": "y"}}, "Host cannot be set"),
        (
            {"url": "http://x/", "statusUrlResolution": "guess"},
            "field statusUrlResolution: 'guess' was given, expected one",
        ),
    ],
)
def test_a_wrong_field_is_told(context: dict[str, Any], said: str) -> None:
    assert said in error(Caller(**context).create())


def test_without_an_http_client_a_call_fails() -> None:
    stage = Caller(url="http://x/")
    stage.http = None
    assert "no HTTP client" in error(stage.create())


@pytest.mark.parametrize(
    ("context", "headers", "body", "expected"),
    [
        ({"statusUrlResolution": "getMethod"}, {}, {}, "{site}/job"),
        ({"statusUrlResolution": "locationHeader"}, {"Location": "/status/1"}, {}, "{site}/status/1"),
        (
            {"statusUrlResolution": "webhookResponse", "statusUrlJsonPath": "$.links.self"},
            {},
            {"links": {"self": "{https}/s"}},
            "{site}/s",
        ),
        (
            {"statusUrlResolution": "webhookResponse", "statusUrlJsonPath": "$.u"},
            {},
            {"u": "https://other.example/s"},
            "https://other.example/s",
        ),
    ],
)
def test_the_url_to_poll_is_found_where_the_stage_says(
    site: Any, context: dict[str, Any], headers: dict[str, str], body: Any, expected: str
) -> None:
    https = site.url.replace("http://", "https://")
    if "links" in body:
        body = {"links": {"self": body["links"]["self"].replace("{https}", https)}}
    site.answer("/job", 202, body, **headers)
    stage = Caller(url=f"{site.url}/job", waitForCompletion=True, **context)
    assert stage.create().status is Status.SUCCEEDED
    assert stage.webhook["statusEndpoint"] == expected.replace("{site}", site.url)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({}, "statusUrlResolution must be getMethod, locationHeader or webhookResponse"),
        ({"statusUrlResolution": "locationHeader"}, "the answer has no Location header"),
        ({"statusUrlResolution": "webhookResponse", "statusUrlJsonPath": "$.no"}, "'$.no' finds nothing"),
        ({"statusUrlResolution": "webhookResponse", "statusUrlJsonPath": "$.list"}, "'$.list' finds a list"),
        ({"statusUrlResolution": "webhookResponse", "statusUrlJsonPath": "$[["}, "'$[[' is no JSONPath"),
    ],
)
def test_without_a_url_to_poll_the_stage_fails_and_says_why(site: Any, context: dict[str, Any], said: str) -> None:
    site.answer("/job", 200, {"list": [1, 2]})
    assert said in error(Caller(url=f"{site.url}/job", waitForCompletion=True, **context).create())


def polling(site: Any, **more: Any) -> Caller:
    given = {
        "statusEndpoint": f"{site.url}/s",
        "statusJsonPath": "$.status",
        "successStatuses": "done, OK",
        "canceledStatuses": "aborted",
        "terminalStatuses": ["failed"],
    }
    return Caller(**{"url": f"{site.url}/job", "waitForCompletion": "true", **given, **more})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "Done"}, Status.SUCCEEDED),
        ({"status": " ok "}, Status.SUCCEEDED),
        ({"status": "ABORTED"}, Status.CANCELED),
        ({"status": "failed"}, Status.TERMINAL),
        ({"status": "busy"}, Status.RUNNING),
        ({"status": 40}, Status.RUNNING),
        ({"status": 100}, Status.SUCCEEDED),
        ({"status": 100.0}, Status.RUNNING),
        ({"status": 250}, Status.RUNNING),
        ({"other": 1}, Status.TERMINAL),
        ({"status": {"x": 1}}, Status.TERMINAL),
        (b"no json", Status.TERMINAL),
    ],
)
def test_the_body_of_a_poll_tells_how_far_the_work_is(site: Any, body: Any, status: Status) -> None:
    site.answer("/s", 200, body)
    assert polling(site).monitor().status is status


def test_booleans_are_statuses_too(site: Any) -> None:
    site.answer("/s", 200, {"status": True})
    assert polling(site, successStatuses="TRUE").monitor().status is Status.SUCCEEDED


def test_without_a_status_path_any_answer_will_do(site: Any) -> None:
    site.answer("/s", 200, b"")
    assert polling(site, statusJsonPath="").monitor().status is Status.SUCCEEDED


def test_a_poll_tells_progress_and_a_poll_without_news_writes_nothing(site: Any) -> None:
    site.answer("/s", 200, {"status": 40, "note": "compiling"})
    stage = polling(site, progressJsonPath="$.note")
    stage.monitor()
    monitor = stage.webhook["monitor"]
    assert (monitor["percentComplete"], monitor["progressMessage"], monitor["statusCode"]) == (40, "compiling", "OK")
    assert stage.monitor().context == {}


def test_what_a_poll_fails_on_is_told(site: Any) -> None:
    site.answer("/s", 200, {"status": "failed"})
    assert error(polling(site).monitor()) == "the work behind the webhook failed: the status is 'failed'"
    site.answer("/t", 200, {"x": [1, 2]})
    outcome = polling(site, statusEndpoint=f"{site.url}/t", statusJsonPath="$.x[*]").monitor()
    assert "statusJsonPath '$.x[*]' finds a list, expected text, a number or a boolean" in error(outcome)


@pytest.mark.parametrize(
    ("code", "more", "status"),
    [
        (500, {}, Status.RUNNING),
        (504, {}, Status.RUNNING),
        (429, {}, Status.RUNNING),
        (404, {}, Status.TERMINAL),
        (404, {"retryStatusCodes": ["404"]}, Status.RUNNING),
        (404, {"retries": {"404": {"maxAttempts": 3}}}, Status.RUNNING),
        (500, {"retries": {"500": {"maxAttempts": 1}}}, Status.TERMINAL),
    ],
)
def test_the_code_of_a_poll_decides_whether_it_is_made_again(
    site: Any, code: int, more: dict[str, Any], status: Status
) -> None:
    site.answer("/s", code)
    assert polling(site, **more).monitor().status is status


def test_retries_count_the_codes_that_came_before(site: Any) -> None:
    site.answer("/s", 404)
    stage = polling(site, retries={"404": {"maxAttempts": 3}})
    assert [stage.monitor().status for _ in range(3)] == [Status.RUNNING, Status.RUNNING, Status.TERMINAL]
    assert stage.webhook["monitor"]["pastStatusCodes"] == [404, 404, 404]


def test_a_poll_without_an_answer_is_made_again_and_a_forbidden_one_is_not(site: Any) -> None:
    stage = polling(site, statusEndpoint="http://127.0.0.1:1/")
    outcome = stage.monitor()
    assert (outcome.status, outcome.again_in) == (Status.RUNNING, 1)
    stage.http = Outbound()
    assert "outbound.allow" in error(stage.monitor())


def test_polls_are_quick_at_first_and_slow_later(site: Any) -> None:
    site.answer("/s", 200, {"status": "busy"})
    stage = polling(site)
    assert stage.monitor().again_in == 1
    stage.elapsed_s = 61
    assert stage.monitor().again_in == 15


def test_monitor_only_makes_no_call(site: Any) -> None:
    site.answer("/job", 200, {"status": "done"})
    stage = polling(site, monitorOnly=True, statusEndpoint=None)
    assert stage.create().status is Status.SKIPPED
    assert stage.monitor().status is Status.SUCCEEDED
    assert [asked["method"] for asked in site.asked] == ["GET"]


def test_nothing_to_poll_is_told(site: Any) -> None:
    outcome = polling(site, monitorOnly=True, statusEndpoint="", statusUrlResolution="locationHeader").monitor()
    assert "expected a URL in the field statusEndpoint" in error(outcome)


def test_the_wait_before_the_first_poll_counts_from_the_end_of_the_call(site: Any) -> None:
    stage = polling(site, waitBeforeMonitor="30")
    stage.elapsed_s = 10
    assert stage.do("waitBeforeMonitorWebhook").again_in == 20
    stage.elapsed_s = 30
    assert stage.do("waitBeforeMonitorWebhook").status is Status.SUCCEEDED


def test_a_cancel_calls_the_cancel_endpoint_once(site: Any) -> None:
    site.answer("/stop", 200)
    given = {"cancelEndpoint": f"{site.url}/stop", "cancelMethod": "delete", "cancelPayload": {"id": 1}}
    assert Caller(**given).do("cancel", "cancel").status is Status.SUCCEEDED
    assert (site.asked[0]["method"], site.asked[0]["body"]) == ("DELETE", b'{"id":1}')
    assert Caller(**given, signalCancellation=False).do("cancel", "cancel").status is Status.SUCCEEDED
    assert Caller().do("cancel", "cancel").status is Status.SUCCEEDED
    assert len(site.asked) == 1


def test_a_cancel_that_does_not_work_is_told_and_not_repeated(site: Any) -> None:
    site.answer("/stop", 500)
    outcome = Caller(cancelEndpoint=f"{site.url}/stop").do("cancel", "cancel")
    assert error(outcome) == "cancelEndpoint was answered with 500"
    unreachable = Caller(cancelEndpoint="http://127.0.0.1:1/").do("cancel", "cancel")
    assert error(unreachable).startswith("cancelEndpoint: POST http://127.0.0.1:1/")
    assert not outcome.retryable
    assert not unreachable.retryable
