"""`gennaker pipeline plan`, `apply` and `gennaker source` against a daemon."""

import json
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.cli.root import CHANGES, FAILED, REFUSED, UNREACHABLE, USAGE

RELEASE = "name: release\nstages:\n- {type: wait, refId: '1', waitTime: 5}\n"
REPORT = {
    "name": "team",
    "kind": "git",
    "place": "https://git.example/x",
    "branch": "main",
    "path": "",
    "state": "problems",
    "version": "main@1",
    "definitions": 3,
    "problems": ["shop/a.yaml:3: stages: expected a list of stages, found nothing"],
    "kept": ["shop/b: changed by ann since the source saved it"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `pipelines` with one pipeline."""
    path = tmp_path / "pipelines" / "shop" / "release.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(RELEASE)
    return tmp_path / "pipelines"


class Kept:
    """What a daemon has stored, as the server of the tests answers it."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.pipelines: list[dict[str, Any]] = []
        self.strategies: list[dict[str, Any]] = []
        server.on("POST", "/pipelines")
        self.tell()

    def tell(self) -> None:
        self.server.answers["GET", "/pipelineConfigs"] = [(200, self.pipelines)]
        self.server.answers["GET", "/strategyConfigs"] = [(200, self.strategies)]
        self.server.answers["GET", "/v2/pipelineTemplates"] = [(200, [])]

    def take(self) -> None:
        """Store what was sent."""
        sent = {call.body["id"]: {**call.body, "lastModified": 7} for call in self.server.made("POST")}
        self.pipelines = list(sent.values())
        self.server.calls.clear()
        self.tell()


@pytest.fixture
def kept(server: Any) -> Kept:
    return Kept(server)


@pytest.mark.usefixtures("kept")
def test_a_plan_shows_what_is_new_and_sends_nothing(gennaker: Any, server: Any, folder: Path) -> None:
    result = gennaker("pipeline", "plan", str(folder))
    assert result.stdout == (
        f"+ shop/release  {folder}/shop/release.yaml:1\n1 to create, 0 to change, 0 to delete, 0 unchanged\n"
    )
    assert (result.exit_code, server.made("POST")) == (0, [])
    assert gennaker("pipeline", "plan", str(folder), "--detailed-exitcode").exit_code == CHANGES


def test_after_an_apply_there_is_nothing_to_do(gennaker: Any, server: Any, kept: Kept, folder: Path) -> None:
    result = gennaker("pipeline", "apply", str(folder), "--yes", "--version", "abc")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 of 1 done")
    sent = server.made("POST")[0]
    assert sent.query == {"staleCheck": "true"}
    assert (sent.body["application"], sent.body["name"]) == ("shop", "release")
    source = sent.body["source"]
    assert (source["id"], source["type"], source["version"]) == ("pipelines", "directory", "abc")
    kept.take()
    assert gennaker("pipeline", "plan", str(folder), "--detailed-exitcode").exit_code == 0
    assert gennaker("pipeline", "apply", str(folder)).exit_code == 0
    assert server.made("POST") == []


def test_a_change_is_shown_place_by_place_and_replaces_what_was_read(
    gennaker: Any, server: Any, kept: Kept, folder: Path
) -> None:
    gennaker("pipeline", "apply", str(folder), "--yes")
    kept.take()
    (folder / "shop" / "release.yaml").write_text(RELEASE.replace("5", "6") + "description: new\n")
    result = gennaker("pipeline", "plan", str(folder))
    assert "    + description: 'new'\n    ~ stages[refId=1].waitTime: 5 → 6\n" in result.stdout
    gennaker("pipeline", "apply", str(folder), "--yes")
    assert server.made("POST")[0].body["lastModified"] == 7


@pytest.mark.usefixtures("kept")
def test_json_has_everything(gennaker: Any, folder: Path) -> None:
    (folder / "bad.json").write_text('{"name": "x",\n "stages": 1}')
    result = gennaker("pipeline", "apply", str(folder), "--yes", "-o", "json")
    found = json.loads(result.stdout)
    assert result.exit_code == FAILED
    assert found["steps"][0]["action"] == "create"
    assert (found["steps"][0]["file"], found["steps"][0]["line"]) == ("shop/release.yaml", 1)
    assert [(one["name"], one["error"]) for one in found["done"]] == [("release", "")]
    assert [(one["file"], one["line"], one["key"]) for one in found["problems"]][1] == ("bad.json", 2, "stages")


@pytest.mark.usefixtures("kept")
def test_a_problem_is_told_with_file_and_line_and_the_others_are_saved(
    gennaker: Any, server: Any, folder: Path
) -> None:
    (folder / "shop" / "bad.yaml").write_text("name: bad\nstages:\n- refId: '1'\n")
    planned = gennaker("pipeline", "plan", str(folder), "--detailed-exitcode")
    assert planned.exit_code == FAILED
    assert f"! {folder}/shop/bad.yaml:3: stages[0].type: the type of the stage is missing\n" in planned.stdout
    assert gennaker("pipeline", "apply", str(folder), "--yes").exit_code == FAILED
    assert [call.body["name"] for call in server.made("POST")] == ["release"]


@pytest.mark.usefixtures("kept")
def test_without_yes_it_asks_and_no_answer_is_no(gennaker: Any, server: Any, folder: Path) -> None:
    refused = gennaker("pipeline", "apply", str(folder), stdin="n\n")
    assert (refused.exit_code, server.made("POST")) == (1, [])
    assert "+ shop/release" in refused.stdout
    assert gennaker("pipeline", "apply", str(folder), stdin="").exit_code == 1
    assert server.made("POST") == []
    assert gennaker("pipeline", "apply", str(folder), stdin="y\n").exit_code == 0
    assert len(server.made("POST")) == 1


def test_prune_deletes_only_what_the_named_source_saved(gennaker: Any, server: Any, kept: Kept, folder: Path) -> None:
    (folder / "shop" / "old.yaml").write_text(RELEASE.replace("release", "a/b"))
    (folder / "shop" / "slow.yaml").write_text("name: slow\nstrategy: true\nstages: []\n")
    gennaker("pipeline", "apply", str(folder), "--yes", "--source", "team")
    kept.take()
    kept.strategies = [one for one in kept.pipelines if one.get("strategy")]
    kept.pipelines = [one for one in kept.pipelines if not one.get("strategy")]
    kept.pipelines.append({"id": "X", "application": "shop", "name": "by hand", "stages": []})
    kept.tell()
    (folder / "shop" / "old.yaml").unlink()
    (folder / "shop" / "slow.yaml").unlink()
    for one in [*kept.pipelines, *kept.strategies]:
        server.on("GET", f"/pipelineConfigs/{one['id']}/history", [one])
    server.on("DELETE", "/pipelines/shop/a/b")
    server.on("DELETE", "/strategies/shop/slow")
    assert "= shop/a/b" in gennaker("pipeline", "plan", str(folder), "--source", "team").stdout
    assert gennaker("pipeline", "apply", str(folder), "--prune", "--yes").exit_code == USAGE
    result = gennaker("pipeline", "apply", str(folder), "--source", "team", "--prune", "--yes")
    assert (result.exit_code, "0 to create, 0 to change, 2 to delete, 1 unchanged" in result.stdout) == (0, True)
    assert [call.raw_path for call in server.made("DELETE")] == ["/pipelines/shop/a%2Fb", "/strategies/shop/slow"]


def test_what_was_changed_meanwhile_is_not_deleted(gennaker: Any, server: Any, kept: Kept, folder: Path) -> None:
    (folder / "shop" / "old.yaml").write_text(RELEASE.replace("release", "old"))
    gennaker("pipeline", "apply", str(folder), "--yes", "--source", "team")
    kept.take()
    (folder / "shop" / "old.yaml").unlink()
    old = next(one for one in kept.pipelines if one["name"] == "old")
    newer = {**old, "lastModified": 8, "lastModifiedBy": "ann"}
    server.on("GET", f"/pipelineConfigs/{old['id']}/history", [newer])
    result = gennaker("pipeline", "apply", str(folder), "--source", "team", "--prune", "--yes")
    assert result.exit_code == FAILED
    assert "! shop/old: it was changed by ann in the meantime\n0 of 1 done\n" in result.stdout
    assert server.made("DELETE") == []


@pytest.mark.usefixtures("kept")
def test_a_refusal_is_told_and_an_outage_ends_everything(gennaker: Any, server: Any, folder: Path) -> None:
    server.answers["POST", "/pipelines"] = [(400, {"message": "the submitted pipeline is stale"})]
    refused = gennaker("pipeline", "apply", str(folder), "--yes")
    assert refused.exit_code == FAILED
    assert "! shop/release: the submitted pipeline is stale\n0 of 1 done" in refused.stdout
    server.answers["POST", "/pipelines"] = [(503, {"message": "the database is away"})]
    away = gennaker("pipeline", "apply", str(folder), "--yes")
    assert (away.exit_code, "the database is away" in away.stderr) == (UNREACHABLE, True)


def test_one_file_is_about_what_it_holds(gennaker: Any, kept: Kept, folder: Path) -> None:
    (folder / "shop" / "other.yaml").write_text(RELEASE.replace("release", "other"))
    gennaker("pipeline", "apply", str(folder), "--yes")
    kept.take()
    file = folder / "shop" / "release.yaml"
    assert gennaker("pipeline", "plan", str(file), "--detailed-exitcode").stdout == (
        "0 to create, 0 to change, 0 to delete, 1 unchanged\n"
    )
    file.write_text(RELEASE.replace("5", "6"))
    assert f"~ shop/release  {file}:1\n" in gennaker("pipeline", "plan", str(file)).stdout
    pruned = gennaker("pipeline", "apply", str(file), "--prune", "--source", "pipelines", "--yes")
    assert (pruned.exit_code, "--prune needs a folder" in pruned.stderr) == (USAGE, True)


def test_long_values_and_many_differences_are_cut(gennaker: Any, kept: Kept, folder: Path) -> None:
    gennaker("pipeline", "apply", str(folder), "--yes")
    kept.take()
    more = "".join(f"k{number:02}: {'x' * 200}\n" for number in range(60))
    (folder / "shop" / "release.yaml").write_text(RELEASE + more)
    lines = gennaker("pipeline", "plan", str(folder)).stdout.splitlines()
    assert lines[-2] == "    and 20 more"
    assert lines[1].endswith("…")
    assert max(map(len, lines[1:])) < 120


def test_what_is_in_a_file_cannot_steer_the_terminal(gennaker: Any, kept: Kept, folder: Path) -> None:
    (folder / "shop" / "release.yaml").write_text('name: release\nstages: []\ndescription: "\\e[2J"\n')
    gennaker("pipeline", "apply", str(folder), "--yes")
    kept.take()
    (folder / "shop" / "release.yaml").write_text('name: release\nstages: []\ndescription: "\\e[3J"\n')
    assert "\x1b[" not in gennaker("pipeline", "plan", str(folder)).stdout


def test_what_is_not_there_and_options_of_the_other_plan_are_told(gennaker: Any, server: Any, tmp_path: Path) -> None:
    missing = gennaker("pipeline", "plan", str(tmp_path / "none"))
    assert (missing.exit_code, "there is no such folder or file" in missing.stderr) == (USAGE, True)
    for words in (("shop", "release", "--prune"), ("shop", "release", "--source", "x"), (str(tmp_path), "-p", "a=b")):
        wrong = gennaker("pipeline", "plan", *words)
        assert (wrong.exit_code, "APPLICATION NAME" in wrong.stderr) == (USAGE, True)
    assert server.calls == []


@pytest.mark.usefixtures("kept")
def test_a_template_is_saved_by_a_task_whose_failure_is_told(gennaker: Any, server: Any, folder: Path) -> None:
    (folder / "shop" / "release.yaml").write_text("schema: v2\nid: base\npipeline: {stages: []}\n")
    server.on("POST", "/v2/pipelineTemplates/create", {"status": "SUCCEEDED"})
    assert gennaker("pipeline", "apply", str(folder), "--yes").exit_code == 0
    stored = {**server.made("POST")[0].body, "updateTs": "7"}
    for path in ("/v2/pipelineTemplates", "/v2/pipelineTemplates/base"):
        server.answers["GET", path] = [(200, [stored] if path.endswith("s") else stored)]
    assert "1 unchanged" in gennaker("pipeline", "plan", str(folder)).stdout
    (folder / "shop" / "release.yaml").write_text("schema: v2\nid: base\nprotect: true\npipeline: {stages: []}\n")
    failed = {
        "status": "TERMINAL",
        "execution": {"stages": [{"context": {"exception": {"details": {"errors": ["no"]}}}}]},
    }
    server.on("POST", "/v2/pipelineTemplates/update/base", failed)
    result = gennaker("pipeline", "apply", str(folder), "--yes")
    assert (result.exit_code, result.stdout.splitlines()[-2:]) == (FAILED, ["! template base: no", "0 of 1 done"])
    server.on("DELETE", "/v2/pipelineTemplates/base", {"status": "SUCCEEDED"})
    (folder / "shop" / "release.yaml").write_text(RELEASE)
    pruned = gennaker("pipeline", "apply", str(folder), "--source", "pipelines", "--prune", "--yes")
    assert (pruned.exit_code, [call.path for call in server.made("DELETE")]) == (0, ["/v2/pipelineTemplates/base"])


def test_a_stored_pipeline_is_planned_by_application_and_name(gennaker: Any, server: Any) -> None:
    stage = {"refId": "1", "name": "Wait", "type": "wait", "outcome": "runs"}
    server.on("POST", "/pipelines/shop/release", {"errors": [], "trigger": {}, "stages": [stage]})
    result = gennaker("pipeline", "plan", "shop", "release", "-p", "a=b", "-p", "n:=1")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Nothing was started.")
    call = server.made("POST")[0]
    assert (call.query, call.body["parameters"]) == ({"plan": "true"}, {"a": "b", "n": 1})
    server.answers["POST", "/pipelines/shop/release"] = [(200, {"errors": ["no"], "trigger": {}, "stages": []})]
    assert gennaker("pipeline", "plan", "shop", "release").exit_code == FAILED


def test_sources_are_listed_with_their_problems(gennaker: Any, server: Any) -> None:
    server.on("GET", "/sources", [REPORT, {"name": "gone", "state": "failed", "reason": "no branch 'x'"}])
    lines = gennaker("source", "list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "PLACE", "VERSION", "DEFINITIONS", "CHECKED", "SYNCED"]
    assert "https://git.example/x main" in lines[1]
    assert lines[3:] == [
        f"! team: {REPORT['problems'][0]}",  # type: ignore[index]
        "= team: shop/b: changed by ann since the source saved it",
        "! gone: no branch 'x'",
    ]
    assert json.loads(gennaker("source", "list", "-o", "json").stdout)[0] == REPORT


def test_a_source_is_forgotten(gennaker: Any, server: Any) -> None:
    server.on("DELETE", "/sources/team")
    assert gennaker("source", "forget", "team").stdout == "Forgot source team\n"
    assert gennaker("source", "forget", "other").exit_code == REFUSED
