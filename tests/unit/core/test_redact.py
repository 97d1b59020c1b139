"""What the one redactor hides, and what it must leave readable."""

import time
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gennaker.core.redact import Redactor, names_secret

CANARY = 'k4n ry/"é+va&lue='


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "1", "22", "333"])
def test_a_known_secret_is_hidden_however_it_is_written(before: str, after: str) -> None:
    hide = Redactor([CANARY])
    whole = (before + CANARY + after).encode()
    plain = b64encode(CANARY.encode()).decode().rstrip("=")[4:-4]
    for text in (
        before + CANARY + after,
        quote(CANARY, safe=""),
        quote_plus(CANARY),
        msgspec.json.encode({"x": before + CANARY}).decode(),
        b64encode(whole).decode(),
        urlsafe_b64encode(whole).decode(),
    ):
        hidden = hide.text(f"<{text}>")
        assert CANARY not in hidden
        assert "***" in hidden
        assert plain not in hidden


@given(st.text(min_size=5, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_registered_secret_survives_anywhere(secret: str, before: str, after: str) -> None:
    hide = Redactor([secret])
    hidden = hide.value({"note": [before + secret + after, {"deep": (secret.encode("utf-8", "replace"),)}]})
    assert secret not in hidden["note"][0].replace("***", "")
    assert secret not in str(hidden["note"][1]).replace("***", "")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("amqp://guest:hunter22@host/x", "hunter22"),
        ("postgresql+psycopg://u:p@ss/word@host/x and more", "ss/word"),
        ("git clone https://ghp_abc@github.com/x", "ghp_abc"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('{"Authorization": "Bearer abc.def"}', "abc.def"),
        ("got Bearer eyJhbGciOiJI", "eyJhbGciOiJI"),
        ("Cookie: session=abcdef; other=1", "abcdef"),
        ("?api_key=abcdef&x=1", "abcdef"),
        ("DB_PASSWORD=hunter22 run", "hunter22"),
        ('{"clientSecret": "a \\" b"}', "b"),
        ("password: hunter22", "hunter22"),
        ("ghp_0123456789abcdefghij0123", "0123456789abcdefghij"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc cut off", "MIIabc"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret not in Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "server.tokens[0].token: is missing; expected text",
        "Basic authentication is needed",
        "the token is wrong",
        "http://host:8084/pipelines/start",
        "postgres@127.0.0.1 said no",
        "stage deploy: no worker for deploy.kubernetes",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert Redactor().text(text) == text


def test_the_value_at_a_key_that_names_a_secret_is_hidden_whole() -> None:
    value = {
        "apiToken": "x",
        "X-Api-Key": "y",
        "db": {"Password": 7},
        "tokenCount": 3,
        "token": None,
        "secretName": "n",
    }
    assert Redactor().value(value) == {
        "apiToken": "***",
        "X-Api-Key": "***",
        "db": {"Password": "***"},
        "tokenCount": 3,
        "token": None,
        "secretName": "n",
    }


def test_secrets_registered_later_are_hidden_too() -> None:
    hide = Redactor(["first-one"])
    hide.register(["second-one"])
    assert hide.text("first-one second-one") == "*** ***"


@pytest.mark.parametrize("key", ["password", "GITHUB_TOKEN", "private-key", "client.secret", "Set-Cookie"])
def test_names_of_secrets_are_known(key: str) -> None:
    assert names_secret(key)


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "a.a-",
        "https://",
        "bearer ",
        "eyJaaaaaaaa-",
        "password: ",
        '"token":"',
        "token='",
        "://:",
        "/a://b:",
        "basic aaaaaaaa-",
    ],
)
def test_hostile_text_takes_time_in_proportion_to_its_length(part: str) -> None:
    def seconds(length: int) -> float:
        text = part * (length // len(part))
        start = time.process_time()
        Redactor().text(text)
        return time.process_time() - start

    assert seconds(80_000) < 40 * max(seconds(8_000), 0.002)
