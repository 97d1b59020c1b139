"""A source is followed: what it holds is saved, what is wrong is reported, and nothing else is touched."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gennaker.config import load
from gennaker.config.problems import ConfigError
from gennaker.core.errors import NotFound, Unavailable
from gennaker.core.runtime.live import LogLive
from gennaker.core.services import Services
from gennaker.plugins.follow import gennaker_services
from gennaker.plugins.follow.settings import Followed, Settings

RELEASE = "name: release\nstages:\n- {type: wait, refId: '1', waitTime: 5}\n"
NIGHTLY = "name: nightly\nstages: []\n"
TEMPLATE = "schema: v2\nid: base\npipeline: {stages: []}\n"
MADE = """
name: made
type: templatedPipeline
schema: v2
template: {artifactAccount: front50ArtifactCredentials, type: front50/pipelineTemplate, reference: "spinnaker://base"}
"""


def test_a_branch_of_a_repository_is_asked_for_with_its_account_and_folder(world: Any) -> None:
    world.repository.files = {"pipelines/shop/release.yaml": RELEASE, "pipelines2/shop/other.yaml": "x"}
    report = world.in_git(path="./pipelines/", account="forge").look()
    assert world.repository.asked == [
        {
            "type": "git/repo",
            "reference": "https://git.example/team/pipelines.git",
            "version": "main",
            "location": "pipelines",
            "artifactAccount": "forge",
        }
    ]
    assert (report["state"], report["definitions"], report["changes"]) == ("synced", 1, ["created shop/release"])
    assert world.stored()["release"]["source"]["file"] == "shop/release.yaml"
    assert (report["kind"], report["place"]) == ("git", "https://git.example/team/pipelines.git")


def test_without_branch_folder_and_account_none_is_asked_for(world: Any) -> None:
    world.repository.files = {"shop/release.yaml": RELEASE}
    world.follower(repository="https://git.example/x").look()
    assert sorted(world.repository.asked[0]) == ["location", "reference", "type"]


def test_what_is_saved_names_the_source_and_its_version_in_each_revision(world: Any) -> None:
    follower = world.in_git()
    world.repository.files = {"shop/release.yaml": RELEASE}
    first = follower.look()
    world.repository.files = {"shop/release.yaml": RELEASE.replace("5", "6")}
    second = follower.look()
    revisions = world.definitions.history(world.stored()["release"]["id"])
    assert [one["source"]["version"] for one in revisions] == [second["version"], first["version"]]
    assert first["version"].startswith("main@")
    assert {one["lastModifiedBy"] for one in revisions} == {"source:team"}


def test_the_same_files_again_save_nothing(world: Any) -> None:
    world.write("shop/release.yaml", RELEASE)
    follower = world.in_folder()
    follower.look()
    before = world.stored()
    world.clock.advance(60)
    report = follower.look()
    assert (report["changes"], world.stored()) == ([], before)
    assert report["synced"] == report["checked"] == world.clock()


def test_an_error_is_told_with_file_and_line_and_the_running_definition_stays(world: Any) -> None:
    world.write("shop/release.yaml", RELEASE)
    world.write("shop/nightly.yaml", NIGHTLY)
    follower = world.in_folder(prune=True)
    synced = follower.look()["synced"]
    world.clock.advance(60)
    world.write("shop/release.yaml", RELEASE + "- {refId: '2'}\n")
    world.write("shop/nightly.yaml", NIGHTLY + "description: new\n")
    report = follower.look()
    assert report["problems"] == ["shop/release.yaml:4: stages[1].type: the type of the stage is missing"]
    assert report["kept"] == ["shop/release: its file has a problem"]
    assert (report["state"], report["changes"], report["synced"]) == ("problems", ["changed shop/nightly"], synced)
    assert len(world.stored()["release"]["stages"]) == 1


def test_what_is_gone_is_deleted_with_prune_only(world: Any) -> None:
    world.write("shop/release.yaml", RELEASE)
    world.write("shop/nightly.yaml", NIGHTLY)
    world.in_folder().look()
    (world.folder / "shop" / "nightly.yaml").unlink()
    assert world.in_folder().look()["kept"] == ["shop/nightly: no longer in the source; prune would delete it"]
    assert world.in_folder(prune=True).look()["changes"] == ["deleted shop/nightly"]
    assert list(world.stored()) == ["release"]


def test_hand_edits_stay_unless_overwritten(world: Any) -> None:
    world.write("shop/release.yaml", RELEASE)
    world.in_folder().look()
    world.definitions.save_pipeline({**world.stored()["release"], "description": "by hand"}, user="ann")
    report = world.in_folder().look()
    assert report["state"] == "synced"
    assert report["kept"] == ["shop/release: changed by ann since the source saved it"]
    assert world.in_folder(overwrite=True).look()["changes"] == ["changed shop/release"]
    assert "description" not in world.stored()["release"]


@pytest.mark.parametrize("error", [Unavailable("the forge does not answer"), NotFound("no branch 'main'")])
def test_a_repository_that_cannot_be_fetched_changes_nothing_and_comes_back(world: Any, error: Any) -> None:
    follower = world.in_git(prune=True)
    world.repository.files = {"shop/release.yaml": RELEASE}
    version = follower.look()["version"]
    world.repository.error = error
    report = follower.look()
    assert (report["state"], report["reason"], report["version"]) == ("failed", error.message, version)
    assert list(world.stored()) == ["release"]
    world.repository.error = None
    assert follower.look()["state"] == "synced"


def test_a_repository_that_is_empty_or_no_archive_deletes_nothing(world: Any) -> None:
    follower = world.in_git(prune=True)
    world.repository.files = {"shop/release.yaml": RELEASE}
    follower.look()
    world.repository.files = {}
    assert follower.look()["problems"] == ["holds no definitions; expected a file such as *.json, *.yaml, *.yml"]
    world.repository.answer = b"\x1f\x8bno archive"
    report = follower.look()
    assert (report["state"], report["reason"][:8]) == ("failed", "archive:")
    assert list(world.stored()) == ["release"]


def test_an_older_state_never_replaces_a_newer_one_of_another_process(world: Any) -> None:
    """Two processes follow; the slow one has fetched before the push and saves after the quick one has."""
    slow, quick = world.in_git(), world.in_git()
    world.repository.files = {"shop/release.yaml": RELEASE}
    slow.look()
    world.clock.advance(60)
    world.repository.files = {"shop/release.yaml": RELEASE.replace("5", "6")}

    def pushed_meanwhile() -> None:
        world.repository.while_fetching = lambda: None
        world.repository.files = {"shop/release.yaml": RELEASE.replace("5", "7")}
        assert quick.look()["changes"] == ["changed shop/release"]

    world.repository.while_fetching = pushed_meanwhile
    report = slow.look()
    assert "stale" in report["problems"][0]
    assert world.stored()["release"]["stages"][0]["waitTime"] == 7
    assert slow.look()["state"] == "synced"


def test_two_processes_that_begin_at_once_make_one_pipeline(world: Any) -> None:
    first, second = world.in_git(), world.in_git()
    world.repository.files = {"shop/release.yaml": RELEASE}

    def also() -> None:
        world.repository.while_fetching = lambda: None
        second.look()

    world.repository.while_fetching = also
    first.look()
    assert len(world.definitions.pipelines()) == 1
    assert len(world.definitions.history(world.stored()["release"]["id"])) == 1


def test_what_somebody_saves_meanwhile_is_not_deleted(world: Any) -> None:
    world.repository.files = {"shop/release.yaml": RELEASE, "shop/nightly.yaml": NIGHTLY}
    follower = world.in_git(prune=True)
    follower.look()
    del world.repository.files["shop/nightly.yaml"]

    def edit() -> None:
        world.clock.advance(1)
        world.definitions.save_pipeline({**world.stored()["nightly"], "description": "mine"}, user="ann")

    world.repository.while_fetching = edit
    assert follower.look()["problems"] == ["shop/nightly: it was changed by ann in the meantime"]
    assert "nightly" in world.stored()


def test_templates_are_followed_before_what_is_made_from_them_and_go_after_it(world: Any) -> None:
    follower = world.in_folder(prune=True)
    world.write("t.yaml", TEMPLATE)
    world.write("shop/made.yaml", MADE)
    assert follower.look()["changes"] == ["created template base", "created shop/made"]
    world.clock.advance(60)
    assert follower.look()["changes"] == []
    world.write("t.yaml", TEMPLATE + "metadata: {name: Base}\n")
    report = follower.look()
    assert report["changes"] == ["changed template base"]
    assert world.definitions.template("base")["source"]["version"] == report["version"]
    assert world.definitions.template("base")["lastModifiedBy"] == "source:team"
    (world.folder / "t.yaml").unlink()
    assert "is used by shop/made" in follower.look()["problems"][0]
    (world.folder / "shop" / "made.yaml").unlink()
    world.write("shop/other.yaml", NIGHTLY)
    assert follower.look()["changes"] == ["created shop/nightly", "deleted shop/made", "deleted template base"]
    assert world.definitions.templates() == []


def test_a_template_that_somebody_saves_meanwhile_stays(world: Any) -> None:
    world.repository.files = {"t.yaml": TEMPLATE}
    follower = world.in_git()
    follower.look()
    world.repository.files = {"t.yaml": TEMPLATE + "metadata: {name: Base}\n"}

    def edit() -> None:
        world.clock.advance(1)
        stored = world.definitions.template("base")
        world.definitions.save_template({**stored, "metadata": {"name": "Mine"}}, user="ann")

    world.repository.while_fetching = edit
    assert follower.look()["problems"] == ["template base: it was changed by ann in the meantime"]
    assert world.definitions.template("base")["metadata"] == {"name": "Mine"}


@pytest.mark.parametrize("missing", ["artifacts", "definitions"])
def test_a_process_without_what_it_needs_says_so(world: Any, missing: str) -> None:
    services: Services = replace(world.services, **{missing: None})
    report = world.follower(services, repository="https://git.example/x").look()
    assert report["state"] == "failed"
    assert "this process" in report["reason"]


def test_reports_are_bounded(world: Any) -> None:
    world.write("shop/all.yaml", "".join(f"- {{name: p{number}, stages: []}}\n" for number in range(60)))
    report = world.in_folder().look()
    assert len(report["changes"]) == 51
    assert report["changes"][-1] == "and 10 more"


def test_it_looks_again_until_it_is_told_to_stop_and_logs_what_is_new_once(world: Any, caplog: Any) -> None:
    world.write("shop/release.yaml", RELEASE)
    world.write("shop/bad.yaml", "name: bad\n")
    follower = world.in_folder(every=1)
    looked = threading.Event()
    stopping = threading.Event()
    look = follower.look

    def counted() -> Any:
        report = look()
        if not report["changes"]:
            looked.set()
        return report

    follower.look = counted
    follower.followed = Followed(name="team", directory=str(world.folder), every=1)
    thread = threading.Thread(target=follower.run, args=(stopping,))
    thread.start()
    assert looked.wait(30)
    stopping.set()
    thread.join(30)
    assert not thread.is_alive()
    said = [record.getMessage() for record in caplog.records if record.name.startswith("gennaker")]
    assert len([line for line in said if "created shop/release" in line]) == 1
    assert len([line for line in said if "shop/bad.yaml:1" in line]) == 1
    assert [(one["name"], one["state"]) for one in world.sources.reports()] == [("team", "problems")]


def test_an_outage_of_the_database_ends_nothing(world: Any, caplog: Any) -> None:
    class Away:
        def tell(self, report: Any) -> None:
            stopping.set()
            raise Unavailable("the database is away")

    stopping = threading.Event()
    world.write("shop/release.yaml", RELEASE)
    began = time.monotonic()
    world.follower(replace(world.services, sources=Away()), directory=str(world.folder)).run(stopping)
    assert time.monotonic() - began < 30
    assert "could not be kept: the database is away" in caplog.text


def test_the_log_tells_what_is_new_and_no_more(world: Any) -> None:
    world.write("shop/release.yaml", RELEASE)
    follower = world.in_folder()
    for _ in range(3):
        world.clock.advance(60)
        world.sources.tell(follower.look())
    world.write("shop/release.yaml", "name: release")
    world.sources.tell(follower.look())
    told = LogLive(world.database).of_execution("source:team")
    assert [one.type for one in told] == ["source.synced", "source.failed"]
    assert b"shop/release.yaml:1: stages: expected a list" in told[1].data


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{name: a}", "source 'a' needs either a repository or a directory, not both or none"),
        ("{name: a, repository: 'https://x', directory: /x}", "not both or none"),
        ("{name: a, directory: x}", "directory is 'x'; expected an absolute path"),
        ("{name: a, directory: /x, branch: main}", "branch, path and account are of repositories"),
        ("{name: a, repository: 'ssh://git@host/x'}", "repository is 'ssh://git@host/x'; expected an http(s) URL"),
        ("{name: a, repository: '--upload-pack=x'}", "expected an http(s) URL"),
        ("{name: a, repository: 'https://ann:secret@host/x'}", "repository holds a login; expected it in an artifact"),
        ("{name: a, repository: 'https://host/x', path: ../y}", "path is '../y'; expected a folder inside"),
        ("{name: a, repository: 'https://host/x', branch: --x}", "branch is '--x'; expected the name of a branch"),
        ("{name: a b, directory: /x}", "plugins.follow.sources[0].name: is 'a b'; expected text like"),
        ("{name: a, directory: /x, every: 0}", "plugins.follow.sources[0].every: is 0; expected a number"),
        ("{name: a, directory: /x}, {name: a, directory: /y}", "two sources are called 'a'"),
    ],
)
def test_a_wrong_configuration_is_told(tmp_path: Path, source: str, problem: str) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(f"plugins:\n  follow:\n    sources: [{source}]\n")
    settings = load(file, home=tmp_path, environ={})
    with pytest.raises(ConfigError) as raised:
        settings.plugin("follow", Settings)
    assert problem in str(raised.value)
    assert str(raised.value).startswith((f"{file}:2: plugins.follow", f"{file}:3: plugins.follow"))
    assert "secret" not in str(raised.value)


def test_each_source_is_a_service_of_its_own(world: Any) -> None:
    sources = (Followed(name="a", directory="/a"), Followed(name="b", directory="/b"))
    services = replace(world.services, settings=Settings(sources=sources))
    assert [one.name for one in gennaker_services(services)] == ["a", "b"]
    assert gennaker_services(replace(world.services, settings=Settings())) == []
