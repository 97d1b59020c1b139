"""The functions that look outside: what they ask for, and what a worker answers."""

from typing import Any

import pytest

from gennaker.core.errors import Unavailable
from gennaker.core.expressions.errors import Deferred, ExpressionError, Wanted
from gennaker.core.expressions.lookups import answer
from gennaker.core.outbound import Blocked, CallFailed
from gennaker.core.services import Services
from gennaker.core.testing import FakeHttp, WebAnswer

URL = "https://files.example.com/a"


class Definitions:
    """Two pipelines of one application."""

    def pipelines(self, application: str) -> list[dict[str, Any]]:
        return [{"id": "1", "name": "build"}, {"id": "2", "name": "ship"}] if application == "shop" else []

    def pipeline_named(self, application: str, name: str) -> dict[str, Any] | None:
        return next((one for one in self.pipelines(application) if one["name"] == name), None)

    def application(self, name: str) -> dict[str, Any] | None:
        return {"name": "shop", "email": "a@example.com"} if name == "shop" else None


def ask(function: str, *arguments: Any, http: Any = None, definitions: Any = None) -> dict[str, Any]:
    wanted = Wanted(function=function, arguments=arguments, key="k")
    return answer(wanted, Services(http=http or FakeHttp(), definitions=definitions or Definitions()), "shop")


class Page(FakeHttp):
    """One page, whatever is asked for."""

    def __init__(self, body: bytes, status: int = 200, kind: str = "text/plain") -> None:
        super().__init__()
        self._page = WebAnswer(status=status, headers={"content-type": kind}, body=body)

    def request(self, *given: Any, **more: Any) -> WebAnswer:
        super().request(*given, **more)
        return self._page


def deferred(call: Any, function: str, *arguments: Any) -> Wanted:
    with pytest.raises(Deferred) as raised:
        call(function, *arguments)
    return raised.value.wanted


@pytest.mark.parametrize(
    ("function", "arguments", "asked", "given"),
    [
        ("fromUrl", [URL], "fromUrl", (URL,)),
        ("jsonFromUrl", [URL], "fromUrl", (URL,)),
        ("propertiesFromUrl", [URL], "fromUrl", (URL,)),
        ("yamlFromUrl", [URL], "yamlFromUrl", (URL,)),
        ("readYaml", ["a: 1"], "readYaml", ("a: 1",)),
        ("readAllYaml", ["a: 1"], "readAllYaml", ("a: 1",)),
        ("pipelineId", ["ship"], "pipelineId", ("ship",)),
        ("pipelineIdOrNull", ["ship"], "pipelineIdOrNull", ("ship",)),
        ("pipelineIdInApplication", ["ship", "shop"], "pipelineIdInApplication", ("ship", "shop")),
        ("applicationMetadata", ["shop"], "applicationMetadata", ("shop",)),
        ("canaryConfigNameToId", ["a", "shop"], "canaryConfigNameToId", ("a", "shop")),
    ],
)
def test_a_function_that_looks_outside_asks_first(
    call: Any, function: str, arguments: list[Any], asked: str, given: tuple[Any, ...]
) -> None:
    wanted = deferred(call, function, *arguments)
    assert (wanted.function, wanted.arguments) == (asked, given)


@pytest.mark.parametrize(
    ("function", "text", "value"),
    [
        ("fromUrl", "hello", "hello"),
        ("jsonFromUrl", '{"a": 1}', {"a": 1}),
        ("jsonFromUrl", "[1]", [1]),
        ("propertiesFromUrl", "a=1", {"a": "1"}),
    ],
)
def test_what_came_from_a_url_is_read(call: Any, function: str, text: str, value: Any) -> None:
    call.values[deferred(call, function, URL).key] = {"value": text}
    assert call(function, URL) == value


def test_what_failed_outside_is_an_error_with_its_reason(call: Any) -> None:
    call.values[deferred(call, "fromUrl", URL).key] = {"error": "#fromUrl: no answer"}
    with pytest.raises(ExpressionError, match="no answer"):
        call("jsonFromUrl", URL)


def test_null_from_outside_is_a_value(call: Any) -> None:
    call.values[deferred(call, "pipelineIdOrNull", "x").key] = {"value": None}
    assert call("pipelineIdOrNull", "x") is None


def test_long_arguments_are_known_by_their_digest(call: Any) -> None:
    wanted = deferred(call, "readYaml", "a: 1\n" * 1000)
    assert len(wanted.key) < 100
    assert wanted.key != deferred(call, "readYaml", "a: 2\n" * 1000).key


def test_yaml_has_a_limit(call: Any) -> None:
    with pytest.raises(ExpressionError, match="reads at most 200,000 characters, and was given 300,000"):
        call("readYaml", "x" * 300_000)


@pytest.mark.parametrize(
    ("function", "arguments", "value"),
    [
        ("readYaml", ["a: [1, yes, 0x1F]"], {"a": [1, "yes", 31]}),
        ("readYaml", [""], None),
        ("readAllYaml", ["a: 1\n---\nb: 2\n"], [{"a": 1}, {"b": 2}]),
        ("readAllYaml", [""], []),
        ("pipelineId", ["ship"], "2"),
        ("pipelineIdOrNull", ["ship"], "2"),
        ("pipelineIdOrNull", ["other"], None),
        ("pipelineIdInApplication", ["ship", "shop"], "2"),
        ("pipelineIdInApplication", ["ship", "bank"], None),
        ("applicationMetadata", ["shop"], {"name": "shop", "email": "a@example.com"}),
    ],
)
def test_a_worker_answers(function: str, arguments: list[Any], value: Any) -> None:
    assert ask(function, *arguments) == {"value": value}


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("pipelineId", ["none"], "application 'shop' has no pipeline named 'none'; pipelines: build, ship"),
        ("applicationMetadata", ["bank"], "there is no application 'bank'"),
        ("canaryConfigNameToId", ["a", "b"], "no plugin keeps canary configurations"),
        ("readYaml", ["a: 1\na: 2"], "is there twice"),
        ("readYaml", ["a: !!python/object:os.system x"], "is not allowed"),
        ("readYaml", ["a: 1\n---\nb: 2"], "expected a single document"),
        ("readAllYaml", ["a: [\n"], "is not YAML"),
        ("unheard", [], "#unheard is not known to this worker"),
    ],
)
def test_a_worker_says_why_there_is_no_answer(function: str, arguments: list[Any], message: str) -> None:
    assert message in ask(function, *arguments)["error"]


def test_a_text_is_fetched_once() -> None:
    http = Page(b"hello")
    assert ask("fromUrl", URL, http=http) == {"value": "hello"}
    assert [(one.method, one.url, one.content) for one in http.asked] == [("GET", URL, None)]


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"\xe9", "text/plain; charset=iso-8859-1", "é"),
        (b"\xc3\xa9", "text/plain", "é"),
        (b"\xff", "text/plain", "\ufffd"),
        (b"a", "text/plain; charset=nonsense", "a"),
    ],
)
def test_the_character_set_is_the_answers(body: bytes, kind: str, text: str) -> None:
    assert ask("fromUrl", URL, http=Page(body, kind=kind)) == {"value": text}


def test_yaml_of_a_url_is_read_by_the_worker() -> None:
    assert ask("yamlFromUrl", URL, http=Page(b"a: 1")) == {"value": {"a": 1}}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://files.example.com/a",
        "file:///etc/passwd",
        "files.example.com/a",
        "https://localhost/a",
        "https://intranet/a",
        "https://127.0.0.1/a",
        "https://127.1/a",
        "https://0x7f.0x0.0x0.0x1/a",
        "https://2130706433/a",
        "https://[::1]/a",
        "https://[fe80::1%25eth0]/a",
        "https://8.8.8.8./a",
        "https://orca.spinnaker/a",
        "https://printer.local/a",
        "https://x.localdomain/a",
        "https://metadata.google.internal/a",
        "https://METADATA.google.INTERNAL./a",
        "https://a.localhost/a",
        "https://127。0。0。1/a",
        "https://example.com\\@127.0.0.1/a",
        "https://exa mple.com/a",
        "https://example.com/\r\nHost: x",
        "https://[/a",
        "https:///a",
        "",
    ],
)
def test_an_address_that_leads_inside_is_not_called(url: str) -> None:
    http = FakeHttp()
    assert "#fromUrl: " in ask("fromUrl", url, http=http)["error"]
    assert http.asked == []


def test_a_redirect_is_followed_where_its_target_is_allowed() -> None:
    http = FakeHttp()
    http.answer("GET", URL, 302, None, location="/b")
    http.answer("GET", "https://files.example.com/b", 200, {"a": 1})
    assert ask("fromUrl", URL, http=http) == {"value": '{"a":1}'}


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "http://vault.internal/", "file:///etc/passwd"])
def test_a_redirect_that_leads_inside_is_not_followed(target: str) -> None:
    http = FakeHttp()
    http.answer("GET", URL, 302, None, location=target)
    assert "error" in ask("fromUrl", URL, http=http)
    assert len(http.asked) == 1


def test_a_redirect_in_circles_ends() -> None:
    http = FakeHttp()
    http.answer("GET", URL, 302, None, location=URL)
    assert "more than 5 redirects" in ask("fromUrl", URL, http=http)["error"]


def test_a_call_without_an_answer_is_made_again_once() -> None:
    http = FakeHttp()
    http.fail("GET", URL)
    http.answer("GET", URL, 200, {"a": 1})
    assert ask("fromUrl", URL, http=http) == {"value": '{"a":1}'}
    lost = FakeHttp()
    lost.fail("GET", URL)
    assert "no answer" in ask("fromUrl", URL, http=lost)["error"]
    assert len(lost.asked) == 2


@pytest.mark.parametrize("error", [Blocked("a private address"), CallFailed("too large", retryable=False)])
def test_a_call_that_was_refused_is_not_made_again(error: Exception) -> None:
    class Closed(FakeHttp):
        def request(self, *given: Any, **more: Any) -> Any:
            super().request(*given, **more)
            raise error

    http = Closed()
    assert str(error) in ask("fromUrl", URL, http=http)["error"]
    assert len(http.asked) == 1


def test_an_answer_that_is_no_success_is_an_error() -> None:
    assert "answered 404" in ask("fromUrl", URL, http=Page(b"no", 404))["error"]


def test_a_worker_without_a_database_says_so() -> None:
    found = answer(Wanted(function="pipelineId", arguments=("x",), key="k"), Services(), "shop")
    assert "this worker has no definitions" in found["error"]


def test_an_outage_is_no_answer() -> None:
    class Down(Definitions):
        def pipeline_named(self, application: str, name: str) -> dict[str, Any] | None:
            raise Unavailable("the database cannot be reached")

    with pytest.raises(Unavailable):
        ask("pipelineId", "ship", definitions=Down())
