"""Artifacts that carry their content, and those that have none."""

from pathlib import Path
from typing import Any

import pytest

from gennaker.config import load as load_settings
from gennaker.core.artifacts.account import MAX_BYTES
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import InvalidRequest, Refused
from gennaker.core.plugins import load
from gennaker.core.testing import FakeHttp


@pytest.fixture
def service(tmp_path: Path) -> Accounts:
    return Accounts(load(load_settings(None, home=tmp_path, environ={})).accounts(), FakeHttp())


@pytest.mark.parametrize("account", [{}, {"artifactAccount": "embedded-artifact"}])
@pytest.mark.parametrize("type_", ["embedded/base64", "embedded/map/base64"])
def test_the_content_is_the_reference(service: Accounts, type_: str, account: dict[str, Any]) -> None:
    assert service.fetch({"type": type_, "reference": "aGVs\nbG8=", **account}) == b"hello"
    assert service.fetch({"type": type_, **account}) == b""


@pytest.mark.parametrize("reference", ["hello", "a", "aGVsbG8", "a$Vs", "ü"])
def test_what_is_not_base64_is_refused(service: Accounts, reference: str) -> None:
    with pytest.raises(InvalidRequest, match=r"artifact\.reference: expected the content as base64"):
        service.fetch({"type": "embedded/base64", "reference": reference})


def test_what_is_too_large_is_refused(service: Accounts) -> None:
    with pytest.raises(Refused, match=f"larger than {MAX_BYTES}"):
        service.fetch({"type": "embedded/base64", "reference": "A" * (MAX_BYTES * 4 // 3 + 8)})


def test_a_custom_object_has_no_content(service: Accounts) -> None:
    with pytest.raises(Refused, match="custom/object shop has no content"):
        service.fetch({"type": "custom/object", "name": "shop"})


def test_the_accounts_are_named_as_spinnakers(service: Accounts) -> None:
    names = {one["name"]: one["types"] for one in service.accounts()}
    assert names["embedded-artifact"] == ["embedded/base64", "embedded/map/base64"]
    assert names["custom-artifact"] == ["custom/object"]
    assert names["no-auth-http-account"] == ["http/file"]
