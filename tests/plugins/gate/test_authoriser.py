"""The judge of callers: credentials, names, scopes and the tricks of web pages."""

import base64

import pytest

from gennaker.core.authoriser import ANONYMOUS, Authoriser, Credential, is_loopback, require
from gennaker.core.errors import InvalidRequest, NotAllowed, NotAuthenticated

HERE = {"host": "127.0.0.1:8084"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(), "host": "ci.example"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "host": "ci.example"}


@pytest.fixture
def closed() -> Authoriser:
    return Authoriser(
        tokens=[
            Credential(user="ci", secret="t-read", scopes=("read",)),
            Credential(user="release", secret="t-run", scopes=("run",)),
            Credential(user="root", secret="t-admin", scopes=("admin",)),
        ],
        passwords=[Credential(user="ann", secret="pa:ss", scopes=("run",))],
        host="0.0.0.0",
    )


def test_without_credentials_everybody_on_this_machine_is_anonymous_and_may_do_all() -> None:
    identity = Authoriser().identify("POST", HERE)
    assert identity.user == ANONYMOUS
    assert identity.anonymous
    require(identity, "admin")


def test_without_credentials_nobody_comes_in_from_another_machine() -> None:
    judge = Authoriser(host="0.0.0.0")
    assert not judge.open
    with pytest.raises(NotAuthenticated):
        judge.identify("GET", HERE)


def test_tokens_and_passwords_name_their_users(closed: Authoriser) -> None:
    assert closed.identify("GET", bearer("t-run")).user == "release"
    assert closed.identify("GET", {"x-spinnaker-token": "t-read"}).user == "ci"
    assert closed.identify("GET", basic("ann", "pa:ss")).user == "ann"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer("t-ru"),
        bearer("t-run2"),
        basic("ann", "wrong"),
        basic("root", "t-admin"),
        basic("ann:pa", "ss "),
        {"authorization": "Basic !!!"},
        {"authorization": "Digest x"},
        {"x-spinnaker-user": "root"},
        {"authorization": "Bearer \udcff"},
    ],
)
def test_anything_but_a_known_secret_is_nobody(closed: Authoriser, headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthenticated):
        closed.identify("GET", headers)


def test_scopes_contain_the_smaller_ones_and_no_more(closed: Authoriser) -> None:
    reader, runner = closed.identify("GET", bearer("t-read")), closed.identify("GET", bearer("t-run"))
    require(reader, "read")
    require(runner, "read")
    require(runner, "run")
    with pytest.raises(NotAllowed, match="scope `run`"):
        require(reader, "run")
    with pytest.raises(NotAllowed, match=r"release .* scope `admin`"):
        require(runner, "admin")


def test_only_who_may_do_everything_may_speak_for_others(closed: Authoriser) -> None:
    assert closed.identify("GET", {**bearer("t-admin"), "x-spinnaker-user": "eve"}).user == "eve"
    assert closed.identify("GET", {**bearer("t-run"), "x-spinnaker-user": "eve"}).user == "release"
    assert Authoriser().identify("GET", {**HERE, "x-spinnaker-user": "bob"}).user == "bob"


@pytest.mark.parametrize("user", ["x" * 257, "a\nb", "a\x1b[31m"])
def test_a_name_that_could_forge_a_log_line_is_refused(user: str) -> None:
    with pytest.raises(InvalidRequest, match="X-SPINNAKER-USER"):
        Authoriser().identify("GET", {**HERE, "x-spinnaker-user": user})


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8084", "", "127.0.0.1.evil.example", "[::2]:80", "192.168.0.7", "localhost.evil"],
)
def test_a_name_rebound_to_loopback_is_refused(host: str) -> None:
    with pytest.raises(NotAllowed, match="Host header"):
        Authoriser().identify("GET", {"host": host})


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8084", "127.0.0.1", "127.1.2.3:9", "[::1]:8084", "a.localhost"]
)
def test_names_of_this_machine_are_served(host: str) -> None:
    assert Authoriser().identify("GET", {"host": host}).anonymous


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_foreign_web_page_changes_nothing(closed: Authoriser, headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowed, match="web page"):
        Authoriser().identify("POST", {**HERE, **headers})
    with pytest.raises(NotAllowed, match="web page"):
        closed.identify("DELETE", {**basic("ann", "pa:ss"), **headers})
    assert Authoriser().identify("GET", {**HERE, **headers}).anonymous
    assert closed.identify("POST", {**bearer("t-run"), **headers}).user == "release"


def test_our_own_page_changes_things() -> None:
    own = {**HERE, "origin": "http://127.0.0.1:8084", "sec-fetch-site": "same-origin"}
    assert Authoriser().identify("PUT", own).anonymous


def test_secrets_do_not_show(closed: Authoriser) -> None:
    assert "t-admin" not in repr(Credential(user="root", secret="t-admin"))
    assert "t-admin" not in repr(vars(closed))


def test_loopback_is_told_by_the_address_not_by_its_looks() -> None:
    assert is_loopback("127.8.8.8")
    assert is_loopback("::1")
    assert not is_loopback("127.0.0.1.nip.io")
    assert not is_loopback("0.0.0.0")
