"""Pipeline templates in a database: tags that move, digests that do not, and what keeps one from being removed."""

import itertools

import msgspec
import pytest

from gennaker.core.errors import Conflict, InvalidRequest, NotFound, Refused
from gennaker.core.store import entries
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.templates import digest_of


@pytest.fixture
def definitions(database):
    ticks, ids = itertools.count(1_000), itertools.count(1)
    return SqlDefinitions(database, lambda: next(ticks), lambda: f"id-{next(ids)}")


def template(id_="release", text="", scopes=(), **fields):
    metadata = {"name": "Release", "description": text, "scopes": list(scopes)}
    return {"schema": "v2", "id": id_, "metadata": metadata, "variables": [], "pipeline": {"stages": []}, **fields}


def user_of(reference, name="ship", **fields):
    config = {"type": "templatedPipeline", "schema": "v2", "application": "shop", "name": name}
    return {**config, "template": {"reference": reference}, **fields}


def saved(definitions, text="", **options):
    return definitions.save_template(template(text=text), user="ann", **options)


def text_of(definitions, **options):
    found = definitions.template("release", **options)
    return found and found["metadata"]["description"]


def test_a_template_is_kept_as_it_was_given_with_what_the_server_says(definitions):
    given = {**template(myKey={"a": [1, None]}), "lastModifiedBy": "forged", "digest": "forged", "tag": "forged"}
    stored = definitions.save_template(given, user="ann", create=True)
    digest = digest_of(template(myKey={"a": [1, None]}))
    assert stored == {**template(myKey={"a": [1, None]}), "digest": digest, "updateTs": "1000", "lastModifiedBy": "ann"}
    assert definitions.template("release") == stored
    assert definitions.template("release", tag="latest") == stored
    assert definitions.template("release", digest=digest) == stored
    assert definitions.template("release", tag="stable") is None
    assert definitions.template("other") is None


def test_latest_follows_every_tag_and_the_others_stay(definitions):
    first = saved(definitions, "one", tag="stable", create=True)
    saved(definitions, "two", tag="test")
    assert [text_of(definitions, tag=tag) for tag in ("stable", "test", "latest", "")] == ["one", "two", "two", "two"]
    saved(definitions, "three")
    assert [text_of(definitions, tag=tag) for tag in ("stable", "test", "latest")] == ["one", "two", "three"]
    assert text_of(definitions, digest=first["digest"]) == "one"


def test_what_a_digest_names_never_changes(definitions):
    first = saved(definitions, create=True)
    again = definitions.save_template(template(), user="bob", tag="stable")
    assert again["digest"] == first["digest"]
    assert definitions.template("release", digest=first["digest"])["lastModifiedBy"] == "ann"
    assert definitions.template("release")["lastModifiedBy"] == "bob"


def test_create_needs_a_new_tag_and_update_a_known_template(definitions):
    with pytest.raises(NotFound, match="release"):
        saved(definitions)
    saved(definitions, create=True)
    with pytest.raises(Conflict, match="release:latest already exists"):
        saved(definitions, "two", create=True)
    saved(definitions, "two", tag="stable", create=True)
    with pytest.raises(Conflict, match="release:stable already exists"):
        saved(definitions, "three", tag="stable", create=True)
    assert text_of(definitions) == "two"


@pytest.mark.parametrize(
    ("given", "options", "where"),
    [
        (template(schema="v1"), {}, "schema"),
        (template(id_="a b"), {}, "id"),
        (template(variables=[{"name": "a b"}]), {}, "variables[0].name"),
        (template(pipeline={"stages": [{}]}), {}, "pipeline.stages[0].type"),
        (template(), {"tag": "mine"}, "tag"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place_and_nothing_is_stored(definitions, given, options, where):
    with pytest.raises(InvalidRequest) as caught:
        definitions.save_template(given, user="ann", create=True, **options)
    assert caught.value.where == where
    assert definitions.template_versions() == {}
    assert definitions.template_history("release") == []


def test_a_tag_and_a_digest_at_once_are_refused(definitions):
    digest = saved(definitions, create=True)["digest"]
    for call in (definitions.template, lambda *a, **k: definitions.delete_template(*a, user="ann", **k)):
        with pytest.raises(InvalidRequest, match="by a tag or by a digest"):
            call("release", tag="stable", digest=digest)
        with pytest.raises(InvalidRequest, match="no tag 'mine'"):
            call("release", tag="mine")
        with pytest.raises(InvalidRequest, match="is no digest"):
            call("release", digest="abc")


def test_templates_are_listed_by_id_and_scope(definitions):
    for id_, scopes in (("b", ["shop"]), ("a", ["global", "till"]), ("c", [])):
        definitions.save_template(template(id_, scopes=scopes), user="ann", create=True, tag="test")

    def ids(*scopes):
        return [each["id"] for each in definitions.templates(scopes)]

    assert (ids(), ids("global"), ids("shop", "till"), ids("x")) == (["a", "b", "c"], ["a"], ["a", "b"], [])
    assert list(definitions.template_versions(["global", "shop"])) == ["a", "b"]


def test_versions_are_tags_then_digests(definitions):
    one = saved(definitions, "one", tag="stable", create=True)["digest"]
    two = saved(definitions, "two")["digest"]
    found = definitions.template_versions()["release"]
    assert [(each.get("tag"), each["digest"]) for each in found[:2]] == [("latest", two), ("stable", one)]
    assert {each["digest"] for each in found[2:]} == {one, two}
    assert [each.get("tag") for each in found[2:]] == [None, None]


def test_dependents_are_the_pipelines_that_name_the_template(definitions):
    digest = saved(definitions, create=True)["digest"]
    references = ["spinnaker://release", "spinnaker://release:stable", f"spinnaker://release@sha256:{digest}"]
    others = [
        "spinnaker://release2",
        "spinnaker://Release",
        "spinnaker://r_lease",
        "https://example.com/spinnaker://release",
    ]
    for i, reference in enumerate([*references, *others]):
        definitions.save_pipeline(user_of(reference, f"p{i}", id=f"P{i}"), user="ann")
    definitions.save_pipeline({"application": "shop", "name": "plain", "note": "spinnaker://release"}, user="ann")
    assert [each["id"] for each in definitions.template_dependents("release")] == ["P0", "P1", "P2"]
    assert [each["id"] for each in definitions.template_dependents("r_lease")] == ["P5"]


def test_what_a_pipeline_is_made_from_cannot_be_removed(definitions):
    digest = saved(definitions, "one", tag="stable", create=True)["digest"]
    saved(definitions, "two", tag="test")
    config = definitions.save_pipeline(user_of("spinnaker://release:stable"), user="ann")
    for options in ({}, {"tag": "stable"}):
        with pytest.raises(Refused, match="is used by shop/ship; change or delete"):
            definitions.delete_template("release", user="ann", **options)
    definitions.delete_template("release", user="ann", digest=digest)
    definitions.delete_template("release", user="ann", tag="test")
    assert text_of(definitions, tag="stable") == "one"
    assert text_of(definitions, tag="test") is None
    definitions.save_pipeline({**config, "template": {"reference": "spinnaker://release"}}, user="ann")
    with pytest.raises(Refused, match="release:latest is used"):
        definitions.delete_template("release", user="ann", tag="latest")
    definitions.delete_pipeline(config["id"], user="ann")
    definitions.delete_template("release", user="ann")
    definitions.delete_template("release", user="ann")
    assert definitions.template_versions() == {}


def test_of_many_users_only_some_are_named(definitions):
    saved(definitions, create=True)
    for i in range(7):
        definitions.save_pipeline(user_of("spinnaker://release", f"p{i}", id=f"P{i}"), user="ann")
    with pytest.raises(Refused, match=r"shop/p0, .*shop/p4 and 2 more; change"):
        definitions.delete_template("release", user="ann")


def test_every_change_of_a_template_is_a_revision_and_a_fact_in_the_log(definitions, database):
    first = saved(definitions, "one", tag="stable", create=True)
    second = saved(definitions, "two")
    definitions.delete_template("release", user="bob", tag="stable")
    definitions.delete_template("release", user="bob")
    assert definitions.template_history("release") == [second, first]
    assert definitions.template_history("release", 1) == [second]
    with database.reading() as connection:
        log = entries.of_execution(connection, "template:release")
    facts = [msgspec.json.decode(entry.body)[0] for entry in log]
    assert facts[0] == {
        "type": "template.saved",
        "user": "ann",
        "id": "release",
        "name": "release",
        "application": "",
        "tag": "stable",
        "digest": first["digest"],
    }
    assert [(each["type"], each.get("tag")) for each in facts[1:]] == [
        ("template.saved", "latest"),
        ("template.deleted", "stable"),
        ("template.deleted", None),
    ]
