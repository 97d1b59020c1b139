"""The service finds the account for an artifact and tells failures in one way."""

from typing import Any

import pytest

from gennaker.core.artifacts.account import ArtifactAccount, checked
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.artifacts.hosts import Hosts, origin
from gennaker.core.artifacts.web_file import WebFiles
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.outbound import Blocked, CallFailed
from gennaker.core.services import Http, Json
from gennaker.core.testing import FakeHttp, WebAnswer


class Shelf(ArtifactAccount):
    """Answers with its name and what it was asked for, or raises."""

    def __init__(self, name: str, *types: str, error: Exception | None = None) -> None:
        super().__init__(name, types)
        self._error = error

    def fetch(self, artifact: Json, http: Http) -> bytes:
        if self._error:
            raise self._error
        return f"{self.name} {artifact['type']} {sorted(artifact['metadata'])}".encode()

    def names(self, type_: str, http: Http) -> list[str]:
        return [f"{type_} of {self.name}"]


ADA, BOB = Shelf("ada", "book/*", "map/sheet"), Shelf("bob", "map/sheet")
ADA2 = Shelf("ada", "disc/audio")
SERVICE = Accounts([BOB, ADA, ADA2], FakeHttp())


def test_accounts_are_told_by_name_with_all_their_types() -> None:
    assert SERVICE.accounts() == [
        {"name": "ada", "types": ["book/*", "map/sheet", "disc/audio"]},
        {"name": "bob", "types": ["map/sheet"]},
    ]


@pytest.mark.parametrize(
    ("artifact", "asked"),
    [
        ({"type": "map/sheet", "artifactAccount": "bob"}, b"bob map/sheet []"),
        ({"type": "map/sheet", "artifactAccount": "ada", "sheet": 7}, b"ada map/sheet ['sheet']"),
        ({"type": "disc/audio", "artifactAccount": "ada"}, b"ada disc/audio []"),
        ({"type": "disc/audio"}, b"ada disc/audio []"),
        ({"type": "book/old", "artifactAccount": ""}, b"ada book/old []"),
    ],
)
def test_the_account_is_the_one_of_the_name_or_the_only_one_for_the_type(artifact: Json, asked: bytes) -> None:
    assert SERVICE.fetch(artifact) == asked


@pytest.mark.parametrize(
    ("artifact", "kind", "said"),
    [
        ({"type": "map/sheet", "artifactAccount": "eve"}, NotFound, "no artifact account 'eve'; there are: ada, bob"),
        ({"type": "map/sheet"}, InvalidRequest, "several accounts have map/sheet: name one of ada, bob"),
        ({"type": "book/x", "artifactAccount": "bob"}, InvalidRequest, "'bob' has no book/x; it has map/sheet"),
        (
            {"type": "cat"},
            InvalidRequest,
            "no artifact account has cat; there are accounts for book/*, disc/audio, map/sheet",
        ),
        ({}, InvalidRequest, "artifact.type: is missing"),
        ({"type": []}, InvalidRequest, "artifact.type: expected text"),
    ],
)
def test_an_artifact_without_an_account_is_told_with_what_there_is(
    artifact: Json, kind: type[GennakerError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        SERVICE.fetch(artifact)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Blocked("GET x: a private address"), Refused),
        (CallFailed("GET x: no answer"), Unavailable),
        (CallFailed("GET x: the answer is larger than 5 bytes", retryable=False), Refused),
        (NotFound("GET x: not there"), NotFound),
    ],
)
def test_a_call_that_fails_is_told_as_the_interface_says(error: Exception, kind: type[GennakerError]) -> None:
    service = Accounts([Shelf("ada", "a/b", error=error)], FakeHttp())
    with pytest.raises(kind) as caught:
        service.fetch({"type": "a/b", "name": "x"})
    assert str(error) in caught.value.message


def test_names_are_listed_where_an_account_can() -> None:
    assert SERVICE.names("bob", "map/sheet") == ["map/sheet of bob"]
    with pytest.raises(InvalidRequest, match="'bob' does not list versions of map/sheet"):
        SERVICE.versions("bob", "map/sheet", "x")
    with pytest.raises(InvalidRequest, match="several kinds"):
        SERVICE.names("ada", "")
    with pytest.raises(NotFound, match="'eve'"):
        SERVICE.names("eve", "a/b")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, NotFound),
        (410, NotFound),
        (401, Refused),
        (403, Refused),
        (302, Refused),
        (429, Unavailable),
        (503, Unavailable),
    ],
)
def test_an_answer_that_is_no_success_is_told(status: int, kind: type[GennakerError]) -> None:
    with pytest.raises(kind, match=f"http://x/y answered {status}"):
        checked(WebAnswer(status=status, url="http://x/y"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.yml",
        "//example.com/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///x",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com\\@evil.example/",
        "https://example.com@evil.example/",
        "https://user:pass@example.com/",
        "https://exa mple.com/",
        "https://example.com/\nHost: evil",
        "https://example.com/\x00",
        "https://[::1/",
        "-https://example.com",
    ],
)
def test_what_can_be_read_in_two_ways_is_no_url(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^artifact.reference: "):
        Hosts("any", []).check(url)
    with pytest.raises(InvalidRequest):
        Hosts("ada", ["example.com"]).check(url)


@pytest.mark.parametrize(
    ("entry", "url", "fits"),
    [
        ("example.com", "https://example.com/x", True),
        ("example.com", "https://EXAMPLE.com:443/x", True),
        ("example.com", "https://example.com./x", True),
        ("example.com", "http://example.com/x", False),
        ("example.com", "https://example.com:8443/x", False),
        ("example.com", "https://api.example.com/x", False),
        ("example.com", "https://example.com.evil.example/x", False),
        ("example.com", "https://evil.example/example.com", False),
        ("example.com", "https://evil.example/?https://example.com", False),
        ("example.com", "https://evil.example#example.com", False),
        ("example.com:8443", "https://example.com:8443/x", True),
        ("http://127.0.0.1:80", "http://127.0.0.1/x", True),
        ("http://127.0.0.1:80", "http://127.1/x", False),
    ],
)
def test_credentials_are_for_the_hosts_that_are_written_down(entry: str, url: str, fits: bool) -> None:
    hosts = Hosts("ada", [entry])
    assert hosts.has(url) is fits
    if not fits:
        with pytest.raises(Refused, match=r"is not a host of the artifact account 'ada'"):
            hosts.check(url)


@pytest.mark.parametrize("entry", ["", "a b", "ssh://x", "x@y", "http://", "x:99999"])
def test_an_entry_that_is_no_host_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host such as"):
        origin(entry)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"reference": "https://f.example/a"}, "https://f.example/a"),
        ({"reference": "https://f.example/a", "version": "v1/x"}, "https://f.example/a?ref=v1%2Fx"),
        ({"reference": "https://f.example/a?q=1#part", "version": "v1"}, "https://f.example/a?q=1&ref=v1"),
        ({"reference": "https://f.example/a?ref=main", "version": "v1"}, "https://f.example/a?ref=main"),
    ],
)
def test_a_version_is_a_parameter_of_the_url(fields: Json, url: str) -> None:
    http = FakeHttp()
    account = WebFiles("ada", ["f/f"], hosts=["f.example"], headers={"X-Key": "k"}, version_parameter="ref")
    assert Accounts([account], http).fetch({"type": "f/f", **fields}) == b"{}"
    [asked] = http.asked
    assert (asked.url, asked.headers) == (url, {"X-Key": "k"})


def test_a_file_without_a_reference_is_told_what_is_expected() -> None:
    account: Any = WebFiles("ada", ["f/f"], expected="the URL of a page")
    with pytest.raises(InvalidRequest, match="is missing; expected the URL of a page"):
        Accounts([account], FakeHttp()).fetch({"type": "f/f"})
