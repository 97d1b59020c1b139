"""Expected artifacts through a real daemon: from the trigger, from the last execution, by default, and not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "pipelines" / "artifacts.json"


def bound(execution: dict[str, Any]) -> list[str]:
    """The names of what the expected artifacts were bound to."""
    return [one["boundArtifact"]["name"] for one in execution["trigger"]["resolvedExpectedArtifacts"]]


def artifact(name: str) -> dict[str, str]:
    return {"type": "embedded/base64", "name": name, "reference": "aGVsbG8="}


def started(daemon: Any, *artifacts: dict[str, str]) -> dict[str, Any]:
    answer = daemon.http.post("/pipelines/example/artifacts", json={"type": "manual", "artifacts": artifacts})
    assert answer.status_code in (200, 202), answer.text
    return dict(daemon.ended(answer.json()["ref"].rsplit("/", 1)[-1]))


def test_an_artifact_comes_from_the_default_the_trigger_and_the_last_execution_in_turn(daemon: Any) -> None:
    daemon.save(json.loads(EXAMPLE.read_text()))
    first = started(daemon)
    assert (first["status"], bound(first)) == ("SUCCEEDED", ["manifest-default"])
    second = started(daemon, artifact("manifest-ours"), artifact("readme"))
    assert (second["status"], bound(second)) == ("SUCCEEDED", ["manifest-ours"])
    assert [one["name"] for one in second["trigger"]["artifacts"]] == ["manifest-ours", "readme"]
    third = started(daemon)
    assert (third["status"], bound(third)) == ("SUCCEEDED", ["manifest-ours"])


def test_an_artifact_in_doubt_is_a_failure_on_startup(daemon: Any) -> None:
    daemon.save(json.loads(EXAMPLE.read_text()))
    failed = started(daemon, artifact("manifest-a"), artifact("manifest-b"))
    assert failed["status"] == "TERMINAL"
    assert failed["cancellationReason"].startswith("Failed on startup: Expected artifact 'the manifest'")
    assert "manifest-a" in failed["cancellationReason"]
    assert "matches multiple artifacts" in failed["cancellationReason"]


def test_what_was_resolved_can_be_fetched(daemon: Any, tmp_path: Path) -> None:
    default = json.loads(EXAMPLE.read_text())["expectedArtifacts"][0]["defaultArtifact"]
    answer = daemon.http.put("/artifacts/fetch", json=default)
    assert (answer.status_code, answer.content) == (200, b"kind: Deployment\nmetadata: { name: shop }\n")
    fetched = daemon("artifact", "fetch", "embedded/base64", "aGVsbG8=", "--to", str(tmp_path / "x"))
    assert (fetched.code, (tmp_path / "x").read_bytes()) == (0, b"hello")
    assert "no-auth-http-account" in daemon("artifact", "accounts").out


def test_the_metadata_service_is_not_fetched(daemon: Any) -> None:
    refused = daemon("artifact", "fetch", "http/file", "http://169.254.169.254/latest/")
    assert refused.code == 4
    assert "a link-local address" in refused.err


def test_a_file_is_fetched_where_the_operator_allows_it(new_daemon: Callable[..., Any]) -> None:
    daemon = new_daemon("outbound:\n  allow: [127.0.0.0/8]\n").start()
    fetched = daemon("artifact", "fetch", "http/file", f"{daemon.url}/health")
    assert '"UP"' in fetched.out
