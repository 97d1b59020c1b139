"""Objects of a real server, with each kind of keys."""

import socket
from pathlib import Path
from typing import Any

import pytest
from website import Website

from gennaker.config.load import load
from gennaker.config.problems import ConfigError
from gennaker.core.errors import InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.outbound import CallFailed, Outbound
from gennaker.core.testing.web import FakeHttp
from gennaker.plugins.s3 import gennaker_artifacts
from gennaker.plugins.s3.account import S3Account
from gennaker.plugins.s3.settings import Account, Settings


def account(**settings: Any) -> S3Account:
    """An account."""
    return S3Account(Account(name="builds", **settings))


def keyed(moto: Any, **settings: Any) -> S3Account:
    """An account with the server's keys."""
    return account(**{"endpoint": moto.url, "access_key": moto.access_key, "secret_key": moto.secret_key, **settings})


def thing(reference: str, **fields: str) -> dict[str, str]:
    """An artifact as a pipeline names it."""
    return {"type": "s3/object", "reference": reference, **fields}


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's own AWS configuration is found."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.parametrize("key", ["deploy.yml", "a/b c/ü+%25&x=1?y#z~.txt", "/double//slash", "a:b@c", "..a/b.."])
def test_an_object_is_fetched_whatever_its_path_is_made_of(moto: Any, http: Outbound, key: str) -> None:
    moto.client.put_object(Bucket="builds", Key=key, Body=key.encode())
    assert keyed(moto).fetch(thing(f"s3://builds/{key}"), http) == key.encode()
    assert keyed(moto).fetch({"type": "s3/object", "name": f"s3://builds/{key}"}, http) == key.encode()


def test_a_version_is_fetched(moto: Any, http: Outbound) -> None:
    moto.client.create_bucket(Bucket="history")
    moto.client.put_bucket_versioning(Bucket="history", VersioningConfiguration={"Status": "Enabled"})
    first = moto.client.put_object(Bucket="history", Key="x", Body=b"one")["VersionId"]
    moto.client.put_object(Bucket="history", Key="x", Body=b"two")
    assert keyed(moto).fetch(thing("s3://history/x"), http) == b"two"
    assert keyed(moto).fetch(thing("s3://history/x", version=first), http) == b"one"
    moto.client.delete_object(Bucket="history", Key="x")
    with pytest.raises(NotFound, match="s3://history/x: 404 NoSuchKey"):
        keyed(moto).fetch(thing("s3://history/x"), http)


def test_what_is_not_there_is_told(moto: Any, http: Outbound) -> None:
    with pytest.raises(NotFound, match="s3://builds/none: 404 NoSuchKey, The specified key does not exist"):
        keyed(moto).fetch(thing("s3://builds/none"), http)
    with pytest.raises(NotFound, match="NoSuchBucket"):
        keyed(moto).fetch(thing("s3://no-such-bucket/x"), http)


def test_wrong_keys_are_told(moto: Any, http: Outbound) -> None:
    moto.client.put_object(Bucket="builds", Key="x", Body=b"x")
    with pytest.raises(Refused, match="403 SignatureDoesNotMatch"):
        keyed(moto, secret_key="something-else").fetch(thing("s3://builds/x"), http)
    with pytest.raises(Refused, match="403 InvalidAccessKeyId"):
        keyed(moto, access_key="AKIAIOSFODNN7EXAMPLE").fetch(thing("s3://builds/x"), http)


def test_the_keys_may_be_those_of_the_machine(
    moto: Any, http: Outbound, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    moto.client.put_object(Bucket="builds", Key="x", Body=b"x")
    with pytest.raises(Refused, match=r"account 'builds' has no keys: .* expected access_key and secret_key, a"):
        account(endpoint=moto.url).fetch(thing("s3://builds/x"), http)
    (tmp_path / "credentials").write_text(
        f"[ci]\naws_access_key_id = {moto.access_key}\naws_secret_access_key = {moto.secret_key}\n"
    )
    assert account(endpoint=moto.url, profile="ci").fetch(thing("s3://builds/x"), http) == b"x"
    with pytest.raises(Refused, match=r"cannot be used: The config profile \(other\) could not be found"):
        account(endpoint=moto.url, profile="other").fetch(thing("s3://builds/x"), http)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", moto.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", moto.secret_key)
    assert account(endpoint=moto.url).fetch(thing("s3://builds/x"), http) == b"x"


def test_the_bucket_may_stand_before_the_host(moto: Any, http: Outbound, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.client.put_object(Bucket="builds", Key="x", Body=b"x")
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real("127.0.0.1", *rest, **more))
    ours = keyed(moto, endpoint=moto.url.replace("127.0.0.1", "s3.localhost"), path_style=False)
    assert ours.fetch(thing("s3://builds/x"), http) == b"x"


@pytest.mark.parametrize(
    ("reference", "location", "url"),
    [
        ("s3://builds/a b", "", "https://builds.s3.eu-central-1.amazonaws.com/a%20b"),
        ("s3://builds/x", "us-west-2", "https://builds.s3.us-west-2.amazonaws.com/x"),
        ("s3://my.builds/x", "", "https://s3.eu-central-1.amazonaws.com/my.builds/x"),
        ("s3://builds/x", "cn-north-1", "https://builds.s3.cn-north-1.amazonaws.com.cn/x"),
    ],
)
def test_amazons_own_hosts_are_known(reference: str, location: str, url: str) -> None:
    http = FakeHttp()
    ours = account(region="eu-central-1", access_key="AKIA", secret_key="secret", session_token="temporary")
    ours.fetch(thing(reference, location=location), http)
    (asked,) = http.asked
    assert asked.url == url
    assert f"/{location or 'eu-central-1'}/s3/aws4_request" in asked.headers["Authorization"]
    assert asked.headers["X-Amz-Security-Token"] == "temporary"


def test_nothing_is_signed_for_a_bucket_that_everybody_may_read(site: Website, http: Outbound) -> None:
    site.page("/builds/x", b"x")
    assert account(endpoint=site.url, anonymous=True).fetch(thing("s3://builds/x"), http) == b"x"
    assert "authorization" not in site.asked[0].headers


@pytest.mark.parametrize(
    ("reference", "location"),
    [
        ("", ""),
        ("builds/x", ""),
        ("s3://builds", ""),
        ("s3://builds/", ""),
        ("s3:///x", ""),
        ("https://builds.example/x", ""),
        ("s3://evil.example?/x", ""),
        ("s3://evil.example#/x", ""),
        ("s3://user@evil.example/x", ""),
        ("s3://evil.example:80/x", ""),
        ("s3://builds/../other/x", ""),
        ("s3://builds/a/./x", ""),
        ("s3://builds/..", ""),
        ("s3://builds/" + "x" * 1025, ""),
        ("s3://builds/x", "evil.example/"),
        ("s3://builds/x", "evil.example#"),
        ("s3://builds/x", "no-such_region"),
    ],
)
def test_what_is_no_place_of_an_object_is_refused(reference: str, location: str) -> None:
    http = FakeHttp()
    with pytest.raises(InvalidRequest):
        account(access_key="AKIA", secret_key="secret").fetch(thing(reference, location=location), http)
    assert http.asked == []


def refused(site: Website, http: Outbound, body: str = "", status: int = 400, **headers: str) -> Exception:
    """What is made of a server's refusal."""
    site.page("/builds/x", body, status, **headers)
    with pytest.raises((Refused, NotFound, Unavailable)) as raised:
        account(endpoint=site.url, access_key="AKIA", secret_key="secret").fetch(thing("s3://builds/x"), http)
    assert len(site.asked) == 1
    return raised.value


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (301, "<Error><Code>PermanentRedirect</Code></Error>", {"x_amz_bucket_region": "eu-west-1"}),
        (307, "", {"x_amz_bucket_region": "eu-west-1", "Location": "http://10.0.0.1/"}),
        (400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>", {}),
    ],
)
def test_a_bucket_in_another_region_is_told(
    site: Website, http: Outbound, status: int, body: str, headers: dict[str, str]
) -> None:
    error = refused(site, http, body, status, **headers)
    assert "the bucket is in the region eu-west-1, and was asked for in us-east-1" in str(error)
    assert isinstance(error, Refused)


def test_a_redirect_is_not_followed_with_a_signature(site: Website, other: Website, http: Outbound) -> None:
    error = refused(site, http, status=302, Location=f"{other.url}/x")
    assert "302: it is elsewhere" in str(error)
    assert other.asked == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", Unavailable),
        (500, "InternalError", Unavailable),
        (403, "AccessDenied", Refused),
        (403, "InvalidObjectState", Refused),
        (404, "NoSuchVersion", NotFound),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    site: Website, http: Outbound, status: int, code: str, kind: type[Exception]
) -> None:
    error = refused(site, http, f"<Error><Code>{code}</Code>\n<Message>So\n it is.</Message></Error>", status)
    assert type(error) is kind
    assert str(error) == f"s3://builds/x: {status} {code}, So it is."


def test_a_deleted_version_is_not_there(site: Website, http: Outbound) -> None:
    error = refused(site, http, "<Code>MethodNotAllowed</Code>", 405, x_amz_delete_marker="true")
    assert isinstance(error, NotFound)


def test_a_refusal_may_be_anything(site: Website, http: Outbound) -> None:
    text = "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><Code>" + "x" * 5000 + "</Code>&a;\x00\x1b[31m"
    assert str(refused(site, http, text, 418)) == "s3://builds/x: 418"


def test_an_object_that_is_too_large_is_given_up(
    site: Website, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gennaker.plugins.s3.account.MAX_BYTES", 10)
    site.page("/builds/x", b"x" * 11)
    with pytest.raises(CallFailed, match="larger than 10 bytes"):
        account(endpoint=site.url, anonymous=True).fetch(thing("s3://builds/x"), http)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{}", "name: is missing"),
        ("{name: a, access_key: x}", "access_key and secret_key belong together"),
        ("{name: a, anonymous: true, profile: x}", "only one of access_key, profile and anonymous"),
        ("{name: a, endpoint: 's3.example.com'}", "endpoint: 's3.example.com' was given; expected https://host"),
        ("{name: a, endpoint: 'https://s3.example.com/x'}", "without a path"),
        ("{name: a, endpoint: 'ftp://s3.example.com'}", "is no host"),
        ("{name: a, region: 'eu central'}", "region: is 'eu central'"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, section: str, said: str) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(f"plugins:\n  s3:\n    accounts:\n      - {section}\n")
    with pytest.raises(ConfigError, match=said):
        load(file, environ={}).plugin("s3", Settings)


def test_the_plugin_brings_an_account_for_each_entry_and_shows_no_secret() -> None:
    settings = Account(name="builds", access_key="AKIA", secret_key="very-secret", session_token="temporary")
    (made,) = gennaker_artifacts(Settings(accounts=(settings,)))
    assert (made.name, made.types) == ("builds", ("s3/object",))
    assert "secret" not in repr(settings)
    assert "temporary" not in repr(settings)
