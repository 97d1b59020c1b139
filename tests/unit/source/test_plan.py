"""What is created, changed, deleted and left alone; and that nothing is done twice."""

from typing import Any

import pytest

from gennaker.core.definitions_check import name_key, pipeline_to_store
from gennaker.core.errors import Conflict, InvalidRequest, Unavailable
from gennaker.core.services import Json
from gennaker.core.source.apply import apply, stored_in
from gennaker.core.source.plan import Plan, Policy, Source, plan
from gennaker.core.source.read import read_tree
from gennaker.core.source.tree import tree_of

PRUNE, OVERWRITE = Policy(prune=True), Policy(overwrite=True)
ALL = Policy(prune=True, overwrite=True)
RELEASE = "name: release\nstages:\n- {type: wait, refId: '1', waitTime: 5}\n"
CRON = "name: cron\nstages: []\ntriggers:\n- {type: cron, cronExpression: '0 0 * * * ?'}\n- {type: git}\n"


class Memory:
    """A store with the rules of the real one."""

    def __init__(self) -> None:
        self.kept: dict[str, Json] = {}
        self.now = 0
        self.asked: list[str] = []

    def stored(self, kind: str) -> list[Json]:
        if kind != "pipeline":
            return []
        return [{**one, "index": index} for index, one in enumerate(self.kept.values())]

    def save(self, kind: str, definition: Json, user: str = "source:git") -> None:
        self.now += 1
        if definition["name"] == "refused":
            raise InvalidRequest("not this one")
        if definition["name"] == "gone":
            raise Unavailable("the database is gone")
        existing = self.kept.get(definition.get("id", ""))
        stored = pipeline_to_store(
            definition, existing, user=user, now=self.now, new_id=lambda: f"made-{self.now}", stale_check=True
        )
        key = (name_key(stored["application"]), name_key(stored["name"]))
        for other in self.kept.values():
            if (name_key(other["application"]), name_key(other["name"])) == key and other["id"] != stored["id"]:
                raise Conflict(f"the name {stored['name']} is taken")
        self.kept[stored["id"]] = stored
        self.asked.append(f"save {stored['name']}")

    def delete(self, kind: str, definition: Json) -> None:
        del self.kept[definition["id"]]
        self.asked.append(f"delete {definition['name']}")

    def by_hand(self, name: str, /, **changed: Any) -> Json:
        """What a person does in the editor, which keeps unknown keys."""
        found = self.named(name)
        self.save("pipeline", {**found, **changed}, user="ann")
        return self.kept[found["id"]]

    def named(self, name: str) -> Json:
        return next(one for one in self.kept.values() if one["name"] == name)


class World:
    """Files, a store and a source."""

    def __init__(self) -> None:
        self.store = Memory()
        self.files: dict[str, str] = {}

    def plan(self, policy: Policy = ALL, source: str = "git", version: str = "v1") -> Plan:
        reading = read_tree(tree_of({path: text.encode() for path, text in self.files.items()}))
        return plan(Source(id=source, type="git", version=version), reading, stored_in(self.store), policy)

    def apply(self, policy: Policy = ALL, source: str = "git", version: str = "v1") -> list[str]:
        return [one.error for one in apply(self.plan(policy, source, version), self.store)]


def told(found: Plan) -> list[str]:
    return [f"{step.action} {step.label}" + (f": {step.note}" if step.note else "") for step in found.steps]


def problems(found: Plan) -> list[str]:
    return [str(problem) for problem in found.problems]


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_new_is_created_marked_and_then_unchanged(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": CRON}
    assert told(world.plan()) == ["create shop/cron", "create shop/release"]
    assert world.apply() == ["", ""]
    assert told(world.plan(version="v2")) == ["unchanged shop/cron", "unchanged shop/release"]
    assert world.apply(version="v2") == []
    stored = world.store.named("release")
    mark = stored["source"]
    assert (mark["id"], mark["type"], mark["version"], mark["file"]) == ("git", "git", "v1", "shop/a.yaml")
    assert mark["of"] == stored["id"]


def test_two_that_create_the_same_create_one(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    first, second = world.plan(), world.plan()
    assert [one.error for one in apply(first, world.store)] == [""]
    assert "is stale" in next(apply(second, world.store)).error
    assert len(world.store.kept) == 1


def test_a_change_names_its_places_and_keeps_what_the_server_gave(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": CRON}
    world.apply()
    before = world.store.named("cron")
    world.files = {"shop/a.yaml": RELEASE.replace("5", "6"), "shop/b.yaml": CRON + "description: x\n"}
    found = world.plan(version="v2")
    assert told(found) == ["change shop/cron", "change shop/release"]
    assert [(one.path, one.before, one.after) for one in found.steps[1].changes] == [("stages[refId=1].waitTime", 5, 6)]
    assert world.apply(version="v2") == ["", ""]
    after = world.store.named("cron")
    assert after["triggers"] == before["triggers"]
    assert (after["id"], after["createTs"], after["source"]["version"]) == (before["id"], before["createTs"], "v2")


def test_a_moved_file_is_noted_so_that_a_problem_in_it_is_known_to_concern_the_pipeline(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    world.files = {"shop/b.yaml": RELEASE}
    found = world.plan()
    assert (told(found), found.steps[0].changes) == (["change shop/release"], ())
    world.apply()
    assert told(world.plan()) == ["unchanged shop/release"]


def test_what_is_gone_is_deleted_with_prune_only(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": CRON}
    world.apply()
    del world.files["shop/a.yaml"]
    assert told(world.plan(OVERWRITE)) == [
        "unchanged shop/cron",
        "keep shop/release: no longer in the source; prune would delete it",
    ]
    assert told(world.plan(PRUNE)) == ["unchanged shop/cron", "delete shop/release"]
    world.apply(PRUNE)
    assert [one["name"] for one in world.store.kept.values()] == ["cron"]


def test_nothing_of_others_is_deleted(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply(source="other")
    world.store.save("pipeline", {"application": "shop", "name": "mine", "stages": []}, user="ann")
    world.store.save("pipeline", {"application": "shop", "name": "of spinnaker", "source": {"id": "git"}, "stages": []})
    copied = {**world.store.named("release"), "id": "copy", "name": "copied"}
    copied["source"] = {**copied["source"], "id": "git"}
    world.store.save("pipeline", copied, user="ann")
    world.files = {"shop/b.yaml": CRON}
    assert told(world.plan()) == ["create shop/cron"]


def test_a_broken_file_leaves_its_pipelines_in_place_and_the_others_go_on(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": CRON}
    world.apply()
    world.files = {"shop/a.yaml": RELEASE + "- {type: wait", "shop/b.yaml": CRON + "description: x\n"}
    found = world.plan()
    assert told(found) == ["change shop/cron", "keep shop/release: its file has a problem"]
    assert problems(found)[0].startswith("shop/a.yaml:4: is not YAML")
    assert world.apply() == [""]
    assert world.store.named("release")["stages"][0]["waitTime"] == 5


def test_a_source_that_is_empty_deletes_nothing(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    world.files = {"README.md": ""}
    found = world.plan()
    assert told(found) == ["keep shop/release: its file has a problem"]
    assert problems(found) == [
        ": holds no definitions; expected a file such as *.json, *.yaml, *.yml".removeprefix(": ")
    ]


def test_what_was_changed_by_hand_is_told_and_replaced_only_where_that_is_wanted(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    world.store.by_hand("release", description="by hand")
    note = "changed by ann since the source saved it"
    found = world.plan(PRUNE)
    assert told(found) == [f"keep shop/release: {note}"]
    assert [(one.what, one.path) for one in found.steps[0].changes] == [("removed", "description")]
    assert world.apply(PRUNE) == []
    assert told(world.plan(OVERWRITE)) == [f"change shop/release: {note}"]
    world.apply(OVERWRITE)
    assert "description" not in world.store.named("release")
    assert told(world.plan(PRUNE)) == ["unchanged shop/release"]


def test_the_same_change_by_hand_and_in_the_file_is_no_quarrel(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    world.store.by_hand("release", description="both")
    world.files = {"shop/a.yaml": RELEASE + "description: both\n"}
    assert world.apply(PRUNE) == [""]
    assert told(world.plan(PRUNE)) == ["unchanged shop/release"]


def test_what_was_renamed_by_hand_gets_its_name_back(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    id_ = world.store.by_hand("release", name="renamed")["id"]
    world.apply(OVERWRITE)
    assert [(one["id"], one["name"]) for one in world.store.kept.values()] == [(id_, "release")]


def test_what_was_changed_by_hand_is_not_pruned_unless_wanted(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": CRON}
    world.apply()
    world.store.by_hand("release", description="by hand")
    del world.files["shop/a.yaml"]
    note = "changed by ann since the source saved it"
    assert told(world.plan(PRUNE))[1] == f"keep shop/release: no longer in the source, but {note}"
    assert told(world.plan(ALL))[1] == f"delete shop/release: {note}"


def test_what_was_made_by_hand_is_taken_over_only_where_that_is_wanted(world: World) -> None:
    world.store.save("pipeline", {"application": "shop", "name": "Release", "id": "P", "stages": []}, user="ann")
    world.files = {"shop/a.yaml": RELEASE}
    note = "made by ann, not by a source"
    assert told(world.plan(PRUNE)) == [f"keep shop/release: {note}".replace("shop/release", "shop/Release")]
    assert told(world.plan(OVERWRITE)) == [f"change shop/release: {note}"]
    world.apply(OVERWRITE)
    assert list(world.store.kept) == ["P"]
    assert told(world.plan(PRUNE)) == ["unchanged shop/release"]


def test_what_another_source_has_is_a_problem(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply(source="other")
    found = world.plan()
    assert (told(found), world.apply()) == ([], [])
    assert problems(found) == [
        "shop/a.yaml:1: name: 'shop/release' belongs to the source 'other'; expected that source, or another name"
    ]


def test_an_id_in_the_file_makes_another_name_a_renaming(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE + "id: P\n"}
    world.apply()
    world.files = {"shop/a.yaml": RELEASE.replace("release", "ship") + "id: P\n", "shop/b.yaml": RELEASE}
    assert told(world.plan()) == ["create shop/release", "change shop/ship"]
    assert world.apply() == ["", ""]
    assert world.store.kept["P"]["name"] == "ship"
    assert told(world.plan()) == ["unchanged shop/release", "unchanged shop/ship"]


def test_an_id_that_the_stored_one_does_not_have_is_a_problem_and_nothing_is_deleted(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    world.files = {"shop/b.yaml": RELEASE + "id: P\n"}
    found = world.plan()
    assert told(found) == ["keep shop/release: its file has a problem"]
    assert "'shop/release' is stored with the id " in problems(found)[0]
    assert problems(found)[0].endswith("; expected that id, or none, or a free name")


def test_an_id_that_another_would_get_is_a_problem(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    id_ = world.store.named("release")["id"]
    world.files = {"shop/a.yaml": RELEASE.replace("release", "ship") + f"id: {id_}\n", "shop/b.yaml": RELEASE}
    assert problems(world.plan()) == [
        f"shop/b.yaml:1: id: would be {id_!r}, which shop/a.yaml:1 says already; expected an id of its own"
    ]


def test_strategies_are_kept_apart_from_pipelines_of_the_same_name(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": RELEASE + "strategy: true\n"}
    found = world.plan()
    assert (told(found), found.problems) == (["create shop/release"] * 2, ())
    assert len({step.definition["id"] for step in found.steps}) == 2


def test_what_the_server_adds_is_no_difference(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE}
    world.apply()
    exported = "".join(f"{key}: '1'\n" for key in ("createTs", "updateTs", "lastModifiedBy"))
    world.files = {"shop/a.yaml": RELEASE + exported + "lastModified: 1\nindex: 9\nsource: {id: x, digest: y}\n"}
    assert told(world.plan()) == ["unchanged shop/release"]


def test_one_that_is_refused_does_not_keep_the_others_and_an_outage_does(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE.replace("release", "refused"), "shop/b.yaml": RELEASE}
    assert world.apply() == ["not this one", ""]
    world.files = {"shop/a.yaml": RELEASE.replace("release", "gone")}
    with pytest.raises(Unavailable):
        world.apply()


def test_what_is_taken_away_comes_last(world: World) -> None:
    world.files = {"shop/a.yaml": RELEASE, "shop/b.yaml": CRON}
    world.apply()
    world.files = {"shop/b.yaml": CRON + "description: x\n", "shop/c.yaml": RELEASE.replace("release", "another")}
    world.store.asked.clear()
    assert world.apply() == ["", "", ""]
    assert world.store.asked == ["save cron", "save another", "delete release"]
