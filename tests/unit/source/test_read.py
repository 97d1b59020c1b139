"""What files hold, and every way in which they can be wrong, with file and line."""

import pytest

from gennaker.core.source import read
from gennaker.core.source.read import Reading, read_tree
from gennaker.core.source.tree import MAX_FILE, tree_of

WAIT = "{type: wait, refId: '1', waitTime: 1}"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n" for before, after in zip("abcdef", "bcdefg", strict=True)
)


def reading(**files: str | bytes) -> Reading:
    """Files named `shop__a_yaml` for shop/a.yaml."""
    named = {path.replace("__", "/").replace("_", "."): text for path, text in files.items()}
    return read_tree(
        tree_of({path: text if isinstance(text, bytes) else text.encode() for path, text in named.items()})
    )


def names(found: Reading) -> list[tuple[str, str, str]]:
    return [(item.definition["application"], item.definition["name"], item.place) for item in found.items]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a_yaml": "application: shop\nname: a\nstages: []"}, [("shop", "a", "a.yaml:1")]),
        ({"a_json": '\n\n{"application": "shop", "name": "a", "stages": []}'}, [("shop", "a", "a.json:3")]),
        ({"shop__a_yml": "# why\nname: a\nstages: []"}, [("shop", "a", "shop/a.yml:2")]),
        ({"x__shop__a_yaml": "name: a\nstages: []"}, [("shop", "a", "x/shop/a.yaml:1")]),
        ({"shop__a_yaml": "application: other\nname: a\nstages: []"}, [("other", "a", "shop/a.yaml:1")]),
        ({"shop__a_yaml": "application:\nname: a\nstages: []"}, [("shop", "a", "shop/a.yaml:1")]),
        (
            {"shop__a_yaml": "---\nname: a\nstages: []\n---\n---\nname: b\nstages: []\n"},
            [("shop", "a", "shop/a.yaml:2"), ("shop", "b", "shop/a.yaml:6")],
        ),
        (
            {"shop__a_yaml": "- name: a\n  stages: []\n- name: b\n  stages: []\n"},
            [("shop", "a", "shop/a.yaml:1"), ("shop", "b", "shop/a.yaml:3")],
        ),
        (
            {"shop__a_json": '[\n\t{"name": "a", "stages": []},\n\t{"name": "\\ud83d\\ude00", "stages": []}\n]'},
            [("shop", "a", "shop/a.json:2"), ("shop", "😀", "shop/a.json:3")],
        ),
        ({"shop__a_yaml": b"\xef\xbb\xbfname: a\nstages: []"}, [("shop", "a", "shop/a.yaml:1")]),
        ({"shop__a_yaml": "[]"}, []),
        ({"shop__a_yaml": "{type: templatedPipeline, schema: v2, name: a}"}, [("shop", "a", "shop/a.yaml:1")]),
    ],
)
def test_a_file_holds_one_or_several_and_the_folder_is_the_application(
    files: dict[str, str | bytes], expected: list[tuple[str, str, str]]
) -> None:
    found = reading(**files)
    assert found.problems == ()
    assert names(found) == expected


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a_yaml": "application: s\nname: a\nstages:\n- refId: 1\n"}, "a.yaml:4: stages[0].type: the type of the"),
        (
            {
                "a_json": '{"application": "s", "name": "a", "stages": [\n\t{"type": "wait", "refId": "1"},\n\t{"refId": "2"}]}'
            },
            "a.json:3: stages[1].type: the type of the stage is missing",
        ),
        (
            {"s__a_yaml": "- name: a\n  stages: []\n- name: b\n  stages:\n  - type: wait\n    refId: 1\n  - x\n"},
            "s/a.yaml:7: [1].stages[1]: expected an object, found text",
        ),
        (
            {
                "s__a_yaml": "name: a\nstages:\n- {type: x, refId: '1', requisiteStageRefIds: ['2']}\n- {type: x, refId: '2', requisiteStageRefIds: ['1']}"
            },
            "s/a.yaml:3: stages[0].requisiteStageRefIds: stages wait for one another in a circle",
        ),
        ({"a_yaml": "name: a\nstages: []"}, "a.yaml:1: application: the name of the application is missing"),
        ({"s__a_yaml": "stages: []"}, "s/a.yaml:1: name: None is no name; a pipeline needs one"),
        ({"s__a_yaml": "name: a\nid: 7\nstages: []"}, "s/a.yaml:2: id: expected text, found a number"),
        ({"s__a_yaml": f"name: a\nid: {'x' * 300}\nstages: []"}, "s/a.yaml:2: id: 'xxx"),
        ({"s__a_yaml": "name: a\nindex: x\nstages: []"}, "s/a.yaml:2: index: 'x' is no place in an order"),
        (
            {"s__a_yaml": "name: a\ntriggers:\n- x\nstages: []"},
            "s/a.yaml:3: triggers[0]: 'x' where an object was expected",
        ),
        ({"s__a_yaml": "name: a\n"}, "s/a.yaml:1: stages: expected a list of stages, found nothing"),
        (
            {"a_json": '{"application": "shop",\n "name" "x"}'},
            "a.json:2: is not JSON: Expecting ':' delimiter (column 9)",
        ),
        (
            {"a_json": '{"a": 1,\n "b": {"c": 1,\n  "c": 2}}'},
            "a.json:3: b.c: is there twice (first in line 2); expected",
        ),
        ({"a_json": '{\n"a": NaN}'}, "a.json:2: a: is nan, which JSON cannot hold; expected a number"),
        ({"a_json": '{\n"a": "\\ud800"}'}, "a.json:2: a: is '\\ud800', which is no text; expected whole characters"),
        ({"a_json": "[" * 100_000}, "a.json:1: is nested too deeply; expected at most 60 levels"),
        ({"a_json": '{"a": ' + "[" * 70 + "]" * 70 + "}"}, "is nested too deeply; expected at most 60 levels"),
        ({"a_json": '{"a": ' + "9" * 5000 + "}"}, "a.json:1: is not JSON: Exceeds the limit"),
        ({"a_json": ""}, "a.json:1: is not JSON: Expecting value (column 1)"),
        ({"a_yaml": "a: [1,\nb: 2"}, "a.yaml:2: is not YAML: while parsing a flow sequence"),
        ({"a_yaml": "a: 1\na: 2"}, "a.yaml:2: a: is there twice (first in line 1); expected each key once"),
        ({"a_yaml": "a: .inf"}, "a.yaml:1: a: is inf, which JSON cannot hold"),
        (
            {"a_yaml": "a: 1\n---\nb: !!python/object:os.system x"},
            "a.yaml:3: b: tag !!python/object:os.system is not allowed",
        ),
        ({"a_yaml": BOMB}, "has too many values; expected at most 200000, with every alias written out"),
        ({"a_yaml": "a: &a [*a]"}, "is nested too deeply; expected at most 60 levels, and no alias to what holds it"),
        ({"a_yaml": "# nothing\n"}, "a.yaml:1: holds nothing; expected a pipeline; remove the file to remove it"),
        ({"a_yaml": "just text"}, "a.yaml:1: holds 'just text'; expected a pipeline: an object such as {name"),
        ({"a_yaml": "- 1\n"}, "a.yaml:1: [0]: holds 1; expected a pipeline"),
        ({"a_yaml": b"ok: 1\n\xff"}, "a.yaml:2: is not text; expected UTF-8"),
        ({"a_yaml": "x" * (MAX_FILE + 1)}, f"a.yaml:1: is too large; expected at most {MAX_FILE} bytes"),
        ({"a_yaml": "schema: v1\nid: t\npipeline: {stages: []}"}, "a.yaml:1: schema: expected 'v2', found 'v1'"),
        (
            {"a_yaml": "schema: v2\nid: t\nvariables:\n- {name: a b}\npipeline: {stages: []}"},
            "a.yaml:4: variables[0].name: 'a b' is no name; expected letters, digits and _",
        ),
        ({"a_yaml": "schema: v2\nid: t\npipeline: 1"}, "a.yaml:3: pipeline: expected a pipeline, found"),
        ({"README_md": "x"}, "holds no definitions; expected a file such as *.json, *.yaml, *.yml"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_place_and_expectation(
    files: dict[str, str | bytes], problem: str
) -> None:
    found = reading(**files)
    assert found.items == ()
    assert problem in str(found.problems[0])


def test_bombs_in_many_documents_are_counted_together() -> None:
    small = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
    found = reading(a_yaml="---\n".join([small] * 300))
    assert "has too many values" in str(found.problems[0])


def test_a_file_with_a_problem_gives_nothing_and_the_others_go_on() -> None:
    found = reading(s__bad_yaml="- name: a\n  stages: []\n- name: b\n", s__good_yaml="name: c\nstages: []")
    assert names(found) == [("s", "c", "s/good.yaml:1")]
    assert [problem.file for problem in found.problems] == ["s/bad.yaml"]
    assert found.unknown("s/bad.yaml")
    assert not found.unknown("s/good.yaml")


def test_a_name_or_an_id_that_is_there_twice_is_told_at_each_place() -> None:
    found = reading(
        a_yaml="application: s\nname: One\nstages: []",
        b_json='[{"application": "x", "name": "y", "stages": []},\n {"application": "S", "name": "one ", "stages": []}]',
        c_yaml="application: s\nname: other\nid: P\nstages: []",
        d_yaml="application: s\nname: third\nid: P\nstages: []",
        e_yaml="application: s\nname: one\nstrategy: true\nstages: []",
    )
    assert [str(problem) for problem in found.problems] == [
        "a.yaml:1: name: 's/One' is also in b.json:2; expected each once",
        "b.json:2: name: 'S/one' is also in a.yaml:1; expected each once",
        "c.yaml:1: id: 'P' is also in d.yaml:1; expected each once",
        "d.yaml:1: id: 'P' is also in c.yaml:1; expected each once",
    ]
    assert names(found) == [("s", "one", "e.yaml:1")]


def test_a_template_is_known_by_its_id_and_has_no_application() -> None:
    template = "schema: v2\nid: base\npipeline: {stages: []}\n"
    found = reading(shop__a_yaml=f"{template}---\nname: a\nstages: []\n")
    assert found.problems == ()
    assert [(item.kind.name, item.kind.label(item.definition)) for item in found.items] == [
        ("template", "template base"),
        ("pipeline", "shop/a"),
    ]
    assert "application" not in found.items[0].definition
    twice = reading(a_yaml=template, b_yaml=template)
    assert str(twice.problems[0]) == "a.yaml:1: name: 'template base' is also in b.yaml:1; expected each once"


def test_what_is_tolerated_is_a_warning_with_its_line() -> None:
    found = reading(s__a_yaml="name: a\nstages:\n- type: x\n  refId: '1'\n  requisiteStageRefIds: ['9']\n")
    assert names(found) == [("s", "a", "s/a.yaml:1")]
    assert [str(warning) for warning in found.warnings] == [
        "s/a.yaml:5: stages[0].requisiteStageRefIds: there is no stage '9'; it is ignored"
    ]


def test_a_folder_with_a_problem_makes_everything_in_it_unknown() -> None:
    tree = tree_of({"a.json": b"[]"}, reading(b_yaml="x").problems)
    found = read_tree(tree)
    assert (found.unknown("b.yaml"), found.unknown("b.yaml/c.json"), found.unknown("a.json")) == (True, True, False)
    assert reading(README_md="x").unknown("anything.json")


def test_a_file_that_was_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[tuple[str, bytes], Reading] = {}
    one, other = b"application: s\nname: a\nstages: []", b"application: s\nname: b\nstages: []"
    first = read_tree(tree_of({"a.yaml": one, "b.yaml": other}), known)
    assert read_tree(tree_of({"a.yaml": one, "b.yaml": other}), known) == first
    asked: list[str] = []
    documents = read.documents
    monkeypatch.setattr(read, "documents", lambda file, data: asked.append(file) or documents(file, data))
    found = read_tree(tree_of({"a.yaml": one, "b.yaml": b"x"}), known)
    assert (asked, names(found), len(known)) == (["b.yaml"], [("s", "a", "a.yaml:1")], 2)
