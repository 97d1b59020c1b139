"""Applications, pipelines and projects, by Front50's rules."""

import itertools
import threading

import pytest

from gennaker.core.errors import Conflict, InvalidRequest
from gennaker.core.store import entries
from gennaker.core.store.definitions import SqlDefinitions


@pytest.fixture
def definitions(database):
    ticks, ids = itertools.count(1_000), itertools.count(1)
    return SqlDefinitions(database, lambda: next(ticks), lambda: f"id-{next(ids)}")


def pipeline(name="Deploy", **fields):
    return {"application": "shop", "name": name, "stages": [], **fields}


def test_a_saved_pipeline_keeps_unknown_keys_and_gets_what_the_server_sets(definitions):
    saved = definitions.save_pipeline(
        pipeline("  Deploy ", myKey={"a": [1, None]}, lastModifiedBy="forged"), user="ann"
    )
    assert saved == {
        "application": "shop",
        "name": "Deploy",
        "stages": [],
        "myKey": {"a": [1, None]},
        "id": "id-1",
        "lastModified": 1_000,
        "updateTs": "1000",
        "createTs": "1000",
        "lastModifiedBy": "ann",
    }
    assert definitions.pipeline("id-1") == saved
    again = definitions.save_pipeline({**saved, "name": "Ship"}, user="bob")
    assert (again["createTs"], again["lastModifiedBy"], again["id"]) == ("1000", "bob", "id-1")
    assert again["lastModified"] > saved["lastModified"]


def test_an_id_that_is_not_known_is_kept(definitions):
    assert definitions.save_pipeline(pipeline(id="mine"), user="ann")["id"] == "mine"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"name": "x"}, "application"),
        ({"application": " ", "name": "x"}, "application"),
        ({"application": "shop", "name": "  "}, "name"),
        ({"application": "shop", "name": 3}, "name"),
        ({"application": "shop", "name": "a\x00b"}, "name"),
        (pipeline(id=7), "id"),
        (pipeline(index="first"), "index"),
        (pipeline(stages={}), "stages"),
        (pipeline(triggers=["cron"]), "triggers[0]"),
    ],
)
def test_a_wrong_pipeline_is_refused_with_its_place(definitions, given, where):
    with pytest.raises(InvalidRequest) as caught:
        definitions.save_pipeline(given, user="ann")
    assert caught.value.where == where


def test_names_are_unique_in_an_application_without_case_and_apart_from_strategies(definitions):
    first = definitions.save_pipeline(pipeline("Deploy"), user="ann")
    with pytest.raises(Conflict, match="Deploy already exists in application Shop"):
        definitions.save_pipeline({**pipeline(" dePloy"), "application": "Shop"}, user="ann")
    definitions.save_pipeline(pipeline("deploy", application="other"), user="ann")
    strategy = definitions.save_pipeline(pipeline("deploy", strategy=True), user="ann")
    assert definitions.pipeline_named("SHOP", "DEPLOY ")["id"] == first["id"]
    assert definitions.pipeline_named("shop", "deploy", strategy=True)["id"] == strategy["id"]
    assert definitions.pipelines("shop", strategies=True) == [{**strategy, "index": 0}]
    definitions.save_pipeline({**first, "name": "Other"}, user="ann")
    definitions.save_pipeline(pipeline("deploy"), user="ann")


def test_of_many_who_create_one_name_at_once_one_succeeds(definitions):
    outcomes = []

    def create():
        try:
            outcomes.append(definitions.save_pipeline(pipeline(), user="ann")["id"])
        except Conflict as error:
            outcomes.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in outcomes if isinstance(each, str)]) == 1
    assert len(outcomes) == 6


def test_a_stale_pipeline_is_refused_when_asked_for(definitions):
    first = definitions.save_pipeline(pipeline(), user="ann")
    second = definitions.save_pipeline(first, user="bob", stale_check=True)
    with pytest.raises(Conflict, match=r"stale.*bob"):
        definitions.save_pipeline(first, user="ann", stale_check=True)
    definitions.save_pipeline(first, user="ann")
    assert definitions.pipeline(second["id"])["lastModifiedBy"] == "ann"


def test_cron_triggers_get_ids_new_ones_in_a_copy(definitions):
    triggers = [{"type": "cron", "id": "old"}, {"type": "git", "id": "kept"}]
    created = definitions.save_pipeline(pipeline(triggers=triggers), user="ann")
    cron, git = created["triggers"]
    assert cron["id"] not in ("old", "", None)
    assert git == {"type": "git", "id": "kept"}
    saved = definitions.save_pipeline({**created, "triggers": [*created["triggers"], {"type": "cron"}]}, user="ann")
    assert saved["triggers"][0] == cron
    assert saved["triggers"][2]["id"]
    fresh = definitions.save_pipeline({**saved, "regenerateCronTriggerIds": True}, user="ann")
    assert fresh["triggers"][0]["id"] != cron["id"]
    assert "regenerateCronTriggerIds" not in fresh


def test_pipelines_are_listed_by_index_then_name_and_numbered_anew(definitions):
    for name, index in (("b", None), ("A", None), ("z", 7), ("y", 3)):
        definitions.save_pipeline(pipeline(name, **({} if index is None else {"index": index})), user="ann")
    definitions.save_pipeline(pipeline("only", application="bank"), user="ann")
    assert [(each["name"], each["index"]) for each in definitions.pipelines("Shop")] == [
        ("y", 0),
        ("z", 1),
        ("A", 2),
        ("b", 3),
    ]
    assert next((each["name"], each["index"]) for each in definitions.pipelines()) == ("only", 0)
    ids = {each["name"]: each["id"] for each in definitions.pipelines("shop")}
    definitions.reorder("shop", {ids["b"]: 0, ids["z"]: 1, ids["y"]: 2}, user="ann")
    assert [each["name"] for each in definitions.pipelines("shop")] == ["b", "z", "y", "A"]
    with pytest.raises(InvalidRequest, match="no pipeline of application"):
        definitions.reorder("bank", {ids["b"]: 0}, user="ann")


def test_revisions_outlive_the_pipeline(definitions):
    first = definitions.save_pipeline(pipeline(), user="ann")
    second = definitions.save_pipeline({**first, "name": "Two"}, user="bob")
    definitions.delete_pipeline(first["id"], user="bob")
    definitions.delete_pipeline(first["id"], user="bob")
    assert definitions.pipeline(first["id"]) is None
    assert definitions.history(first["id"]) == [second, first]
    assert definitions.history(first["id"], 1) == [second]


def test_revisions_outlive_the_application_and_are_found_without_case(definitions):
    first = definitions.save_application({"name": "Shop", "email": "ann@example.com"}, user="ann")
    second = definitions.save_application({"name": "shop", "description": "new"}, user="bob")
    definitions.save_application({"name": "other", "email": "ann@example.com"}, user="ann")
    definitions.delete_application("shop", user="bob")
    assert definitions.application_history(" SHOP ") == [second, first]
    assert definitions.application_history("shop", 1) == [second]
    assert definitions.application_history("none") == []


def test_every_change_of_a_definition_is_a_fact_in_the_log(definitions, database):
    saved = definitions.save_pipeline(pipeline(), user="ann")
    definitions.delete_pipeline(saved["id"], user="bob")
    with database.reading() as connection:
        log = entries.of_execution(connection, "pipeline:id-1")
    assert [(entry.sequence, entry.count, entry.application) for entry in log] == [(1, 1, "shop"), (2, 1, "shop")]
    assert log[1].body == (
        b'[{"type":"pipeline.deleted","user":"bob","id":"id-1","name":"Deploy","application":"shop"}]'
    )


def test_an_application_is_merged_and_stored_in_small_letters(definitions):
    given = {"name": " Shop ", "email": "a@b.c", "cloudProviders": "kubernetes,aws", "dataSources": {"x": []}}
    first = definitions.save_application(given, user="ann")
    assert first["name"] == "shop"
    second = definitions.save_application({"name": "SHOP", "description": "sells"}, user="bob")
    assert second == {
        **first,
        "description": "sells",
        "updateTs": second["updateTs"],
        "lastModifiedBy": "bob",
    }
    assert definitions.application("sHop") == second
    definitions.save_application({"name": "bank", "email": "x@y"}, user="ann")
    assert [each["name"] for each in definitions.applications()] == ["bank", "shop"]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"email": "a@b"}, "name"),
        ({"name": "a/b", "email": "a@b"}, "name"),
        ({"name": "shop"}, "email"),
        ({"name": "shop", "email": "nobody"}, "email"),
        ({"name": "my-shop", "email": "a@b", "cloudProviders": "aws"}, "name"),
        ({"name": "1shop", "email": "a@b", "cloudProviders": ["kubernetes"]}, "name"),
        ({"name": "s" * 64, "email": "a@b", "cloudProviders": "gce"}, "name"),
        ({"name": "shop", "email": "a@b", "permissions": {"READ": "all"}}, "permissions.READ"),
        ({"name": "shop", "email": "a@b", "permissions": ["READ"]}, "permissions"),
    ],
)
def test_a_wrong_application_is_refused_with_its_place(definitions, given, where):
    with pytest.raises(InvalidRequest) as caught:
        definitions.save_application(given, user="ann")
    assert caught.value.where == where


def test_a_provider_that_is_not_known_allows_any_name(definitions):
    saved = definitions.save_application({"name": "my-shop", "email": "a@b", "cloudProviders": "nimbus"}, user="ann")
    assert saved["name"] == "my-shop"


@pytest.mark.parametrize("permissions", [None, {}, {"READ": ["team"], "WRITE": []}])
def test_permissions_are_kept_as_they_are(definitions, permissions):
    given = {"name": "shop", "email": "a@b", "permissions": permissions}
    assert definitions.save_application(given, user="ann")["permissions"] == permissions


def test_deleting_an_application_takes_its_pipelines_along(definitions):
    definitions.save_application({"name": "shop", "email": "a@b"}, user="ann")
    definitions.save_pipeline(pipeline(), user="ann")
    definitions.save_pipeline(pipeline(strategy=True), user="ann")
    other = definitions.save_pipeline(pipeline(application="bank"), user="ann")
    definitions.delete_application("SHOP", user="ann")
    definitions.delete_application("SHOP", user="ann")
    assert definitions.application("shop") is None
    assert [each["id"] for each in definitions.pipelines()] == [other["id"]]
    assert definitions.pipelines("shop", strategies=True) == []


def test_projects_have_unique_names_and_are_found_by_either(definitions):
    first = definitions.save_project(
        {"name": " Web ", "email": "a@b", "config": {"applications": ["shop"]}}, user="ann"
    )
    assert (first["id"], first["name"], first["lastModifiedBy"]) == ("id-1", "Web", "ann")
    assert definitions.project("id-1") == first
    assert definitions.project("wEB") == first
    with pytest.raises(Conflict, match="Web already exists"):
        definitions.save_project({"name": "web"}, user="bob")
    renamed = definitions.save_project({**first, "name": "App"}, user="bob")
    assert renamed["createTs"] == first["createTs"]
    assert definitions.projects() == [renamed]
    definitions.delete_project("id-1", user="bob")
    definitions.delete_project("id-1", user="bob")
    assert definitions.projects() == []
    with pytest.raises(InvalidRequest):
        definitions.save_project({"name": "x", "config": []}, user="ann")
