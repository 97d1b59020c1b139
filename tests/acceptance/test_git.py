"""Pipelines in files, through the real daemon: planned, applied, edited, broken, followed."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from git_server import GitServer, git

EXAMPLE = Path(__file__).parents[2] / "examples" / "git"
NAMES = ["shop/nightly", "shop/release", "shop/rollback", "tools/clean up", "tools/report"]
GIT = """
outbound: {{allow: [127.0.0.0/8]}}
plugins:
  git:
    accounts: [{{name: forge}}]
  follow:
    sources:
      - {{name: team, repository: "{url}/team", branch: main, path: pipelines, every: 1, prune: true}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example, to be changed."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "pipelines"))


TEMPLATE = """
schema: v2
id: base
metadata: {name: Base, owner: team@example.com, scopes: [global]}
variables:
  - {name: seconds, type: int, defaultValue: 0}
pipeline:
  stages:
    - {refId: "1", type: wait, name: Rest, waitTime: "${ templateVariables.seconds }", requisiteStageRefIds: []}
"""
MADE = """
name: release
type: templatedPipeline
schema: v2
template:
  artifactAccount: front50ArtifactCredentials
  type: front50/pipelineTemplate
  reference: spinnaker://base
"""


def stored(daemon: Any) -> dict[str, dict[str, Any]]:
    found = daemon.http.get("/pipelineConfigs").json()
    return {f"{one['application']}/{one['name']}": one for one in found}


def summary(result: Any) -> str:
    return str(result.out.splitlines()[-1])


def edit(folder: Path, path: str, old: str, new: str) -> None:
    text = (folder / path).read_text()
    assert old in text
    (folder / path).write_text(text.replace(old, new, 1))


def until(daemon: Any, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for a report of the source `team`."""
    limit = time.monotonic() + 60
    while True:
        found = [one for one in daemon.http.get("/sources").json() if one["name"] == "team"]
        if found and wanted(found[0]):
            return dict(found[0])
        assert time.monotonic() < limit, f"{found}\n{daemon.log.read_text()[-3000:]}"
        time.sleep(0.05)


def test_plan_apply_edit_plan_break_apply(new_daemon: Callable[..., Any], folder: Path) -> None:
    daemon = new_daemon().start()
    place = (str(folder), "--source", "team", "--prune")
    planned = daemon("pipeline", "plan", *place, "--detailed-exitcode")
    assert (planned.code, summary(planned)) == (6, "5 to create, 0 to change, 0 to delete, 0 unchanged")
    assert stored(daemon) == {}
    applied = daemon("pipeline", "apply", *place, "--yes", "--version", "c1")
    assert (applied.code, summary(applied)) == (0, "5 of 5 done")
    assert sorted(stored(daemon)) == NAMES
    again = daemon("pipeline", "plan", *place, "--detailed-exitcode")
    assert (again.code, summary(again)) == (0, "0 to create, 0 to change, 0 to delete, 5 unchanged")
    assert daemon("pipeline", "run", "tools", "report", "--wait", "--timeout", "60").code == 0

    edit(folder, "shop/release.yaml", "waitTime: 1", "waitTime: 2")
    (folder / "shop" / "nightly.json").unlink()
    planned = daemon("pipeline", "plan", *place)
    assert "- shop/nightly" in planned.out
    assert "    ~ stages[refId=1].waitTime: 1 → 2\n" in planned.out
    assert summary(planned) == "0 to create, 1 to change, 1 to delete, 3 unchanged"

    edit(folder, "shop/release.yaml", "type: wait", "kind: wait")
    edit(folder, "tools/chores.yaml", "name: Clean,", "name: Tidy,")
    applied = daemon("pipeline", "apply", *place, "--yes", "--version", "c2")
    assert applied.code == 1
    assert f"! {folder}/shop/release.yaml:8: stages[0].type: the type of the stage is missing" in applied.out
    now = stored(daemon)
    assert sorted(now) == [name for name in NAMES if name != "shop/nightly"]
    assert now["shop/release"]["stages"][0]["waitTime"] == 1, "what was broken in the file still runs as it was"
    assert now["tools/clean up"]["stages"][0]["name"] == "Tidy"
    versions = {name: one["source"]["version"] for name, one in now.items()}
    assert (versions["shop/release"], versions["tools/clean up"], versions["tools/report"]) == ("c1", "c2", "c1")
    assert daemon("pipeline", "run", "shop", "release", "--wait", "--timeout", "60").code == 0


def test_the_daemon_follows_a_folder_by_itself(new_daemon: Callable[..., Any], folder: Path) -> None:
    followed = f"{{name: team, directory: {folder}, every: 1, prune: true}}"
    daemon = new_daemon(f"plugins:\n  follow:\n    sources: [{followed}]\n").start()

    first = until(daemon, lambda report: report["state"] == "synced")
    assert (first["definitions"], sorted(stored(daemon))) == (5, NAMES)
    edit(folder, "shop/release.yaml", "waitTime: 1", "waitTime: 2")
    second = until(daemon, lambda report: report["version"] != first["version"])
    assert stored(daemon)["shop/release"]["source"]["version"] == second["version"]
    edit(folder, "shop/release.yaml", "type: wait", "kind: wait")
    (folder / "shop" / "nightly.json").unlink()
    broken = until(daemon, lambda report: report["state"] == "problems")
    assert broken["problems"] == ["shop/release.yaml:8: stages[0].type: the type of the stage is missing"]
    assert (broken["synced"], sorted(broken["kept"])) == (
        until(daemon, lambda _: True)["synced"],
        ["shop/release: its file has a problem", "shop/rollback: its file has a problem"],
    )
    assert stored(daemon)["shop/release"]["stages"][0]["waitTime"] == 2
    assert "shop/nightly" not in stored(daemon)
    listed = daemon("source", "list")
    assert "! team: shop/release.yaml:8: stages[0].type" in listed.out

    edit(folder, "shop/release.yaml", "kind: wait", "type: wait")
    until(daemon, lambda report: report["state"] == "synced")
    id_ = stored(daemon)["shop/release"]["id"]
    daemon.kill()
    daemon.start()
    checked = until(daemon, lambda _: True)["checked"]
    until(daemon, lambda report: report["checked"] > checked)
    revisions = daemon.http.get(f"/pipelineConfigs/{id_}/history").json()
    assert [one["lastModifiedBy"] for one in revisions] == ["source:team"] * 2, "a new start saves nothing again"
    assert daemon.stop() == 0


def test_the_daemon_follows_a_branch_of_a_repository(
    new_daemon: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "served" / "team"
    shutil.copytree(folder, repository / "pipelines")
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "first")
    server = GitServer(repository.parent)
    try:
        daemon = new_daemon(GIT.format(url=server.url)).start()
        first = until(daemon, lambda report: report["state"] == "synced")
        assert (sorted(stored(daemon)), first["version"].partition("@")[0]) == (NAMES, "main")
        edit(repository, "pipelines/shop/release.yaml", "waitTime: 1", "waitTime: 2")
        edit(repository, "pipelines/tools/chores.yaml", "type: pipeline", "kind: pipeline")
        git(repository, "commit", "-qam", "second")
        second = until(daemon, lambda report: report["version"] != first["version"])
        assert second["problems"] == ["tools/chores.yaml:8: [1].stages[0].type: the type of the stage is missing"]
        assert stored(daemon)["shop/release"]["source"]["version"] == second["version"]
        assert stored(daemon)["tools/report"]["source"]["version"] == first["version"]
    finally:
        server.close()
    failed = until(daemon, lambda report: report["state"] == "failed")
    assert "git/repo" in failed["reason"]
    assert (failed["version"], sorted(stored(daemon))) == (second["version"], NAMES)
    assert daemon.stop() == 0


def test_a_template_is_applied_with_the_pipelines_that_are_made_from_it(
    new_daemon: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    (folder / "shop").mkdir(parents=True)
    (folder / "base.yaml").write_text(TEMPLATE)
    (folder / "shop" / "release.yaml").write_text(MADE)
    daemon = new_daemon().start()
    place = (str(folder), "--source", "made", "--prune")
    applied = daemon("pipeline", "apply", *place, "--yes")
    assert (applied.code, summary(applied)) == (0, "2 of 2 done"), applied.out + applied.err
    assert summary(daemon("pipeline", "plan", *place)) == "0 to create, 0 to change, 0 to delete, 2 unchanged"
    run = daemon("pipeline", "run", "shop", "release", "--wait", "--timeout", "60", "-o", "json")
    assert run.code == 0, run.out + run.err
    assert [stage["name"] for stage in run.json["stages"]] == ["Rest"]
    edit(folder, "base.yaml", "name: Rest", "name: Sleep")
    changed = daemon("pipeline", "apply", *place, "--yes")
    assert (changed.code, "~ pipeline.stages[refId=1].name: 'Rest' → 'Sleep'" in changed.out) == (0, True)
    (folder / "base.yaml").unlink()
    refused = daemon("pipeline", "apply", *place, "--yes")
    assert (refused.code, "! template base: " in refused.out, "shop/release" in refused.out) == (1, True, True)
