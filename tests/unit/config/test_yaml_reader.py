"""The one YAML reader: what it reads, and a corpus of what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gennaker.config import yaml_reader
from gennaker.config.problems import ConfigError
from gennaker.config.yaml_reader import _FastLoader, dotted, read, read_documents, read_large, read_text


def refused(text: str, reader: Callable[..., Any] = read_text, **limits: int) -> str:
    """What is said of a text."""
    with pytest.raises(ConfigError) as raised:
        reader(text, "x.yaml", **limits)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment", None),
        ("a: 1", {"a": 1}),
        ('{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
        ("[0x1F, 0o17, 010, -3, 1e3, .5]", [31, 15, 10, -3, 1000.0, 0.5]),
        ("[~, null, Null]", [None, None, None]),
        ("[True, FALSE]", [True, False]),
        ("['1', \"true\", !!str 5]", ["1", "true", "5"]),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: |\n  line\n  line\n", {"a": "line\nline\n"}),
        ("1: one\ntrue: two", {"1": "one", "true": "two"}),
    ],
)
def test_plain_data_is_read(text: str, value: Any) -> None:
    assert read_text(text, "x").value == value


@pytest.mark.parametrize("text", ["no", "on", "yes", "22:22", "2026-01-02", "1_000", "1.2.3", "0b1"])
def test_words_that_only_look_like_something_else_stay_text(text: str) -> None:
    assert read_text(f"a: {text}", "x").value == {"a": text}


def test_infinity_and_not_a_number_are_numbers() -> None:
    assert read_text("[.inf, -.INF]", "x").value == [float("inf"), float("-inf")]


def test_every_value_has_its_line() -> None:
    document = read_text("a:\n  - b: 1\n    c: 2\n", "x")
    assert document.lines[("a", 0, "c")] == 3
    assert document.lines[("a",)] == 1


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['true']",
        "a: !!python/name:os.system",
        "!!python/object/new:type {}",
        "a: !Ref x",
        "a: !!binary aGVsbG8=",
        "a: !!set {x}",
        "a: !!timestamp 2026-01-02",
        "a: !!omap [x: 1]",
        "a: !!int 5",
    ],
)
def test_a_tag_is_refused(text: str) -> None:
    assert "is not allowed; expected plain data without tags" in refused(text)


def test_an_alias_bomb_is_refused() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))
    assert "has too many values" in refused(f"l0: &l0 [x]\n{levels}")


def test_a_large_document_may_have_as_many_values_as_it_writes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "MAX_VALUES", 2000)
    text = f"[{'1,' * 3000}]"
    assert "has too many values; expected at most 2000" in refused(text)
    assert len(read_large(text, "x", limit=10**6).value) == 3000
    assert "is too large; expected at most 10 bytes" in refused(text, read_large, limit=10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"l0: &l0 [{'x, ' * 30}]\nl1: &l1 [{'*l0, ' * 30}]\nl2: [{'*l1, ' * 30}]", "has too many values"),
        ("a: &a [*a]", "nested too deeply"),
        *((one * 20_000, "nested too deeply; expected at most 60 levels") for one in ("[", "{a: ", "- ", "? ")),
        ("[" * 100 + "]" * 100, "nested too deeply; expected at most 60 levels"),
        ("a: !!python/name:os.system", "is not allowed"),
        ("c:\n  <<: {a: 1}", "merge keys (<<) are not read"),
        ("a: 1\na: 2", "x.yaml:2: a: is there twice"),
        ("a: [", "is not YAML"),
        ("a: \x00", "is not YAML"),
        ("a: \ud800", "is not YAML"),
    ],
)
def test_a_large_document_is_read_as_carefully(text: str, said: str) -> None:
    assert said in refused(text, read_large, limit=10**6)


def test_a_large_document_means_the_same() -> None:
    text = "a: [1, no, 2026-01-02, 0x1F, ~, '1', .5, é]\nb: |\n  x\n<: 1.2.3\n\"<<\": true\n"
    assert read_large(text, "x", limit=1000) == read_text(text, "x")
    assert read_large("", "x", limit=1000).value is None


def test_a_large_document_is_read_by_the_fast_library() -> None:
    assert _FastLoader.__mro__[1].__name__ == "CSafeLoader", "PyYAML is here without libyaml"


def test_an_alias_to_what_holds_it_is_refused() -> None:
    assert "nested too deeply" in refused("a: &a [*a]")


@pytest.mark.parametrize("depth", [100, 20_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    assert "nested too deeply" in refused("[" * depth + "]" * depth)


def test_a_key_that_is_there_twice_is_refused() -> None:
    assert (
        refused("a: 1\nb:\n  c: 1\n  c: 2") == "x.yaml:4: b.c: is there twice (first in line 3); expected each key once"
    )


def test_merge_keys_are_refused_and_a_quoted_one_is_a_key() -> None:
    assert "merge keys (<<) are not read" in refused("a: &a {b: 1}\nc:\n  <<: *a")
    assert read_text('"<<": 1', "x").value == {"<<": 1}


@pytest.mark.parametrize("text", ["? [a]\n: b", "{a: 1}: b"])
def test_a_key_that_is_no_word_is_refused(text: str) -> None:
    assert "a key is not a word" in refused(text)


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "\tx: 1", "a: 'x", "a: \x00", "*nope", "--- a\n--- b", "%YAML 9.9\n--- a"]
)
def test_what_is_not_one_yaml_document_is_refused(text: str) -> None:
    assert "is not YAML" in refused(text)


def test_a_large_text_is_refused() -> None:
    assert "is too large; expected at most 10 bytes" in refused("a: 3456789012", limit=10)


def test_a_huge_number_stays_text() -> None:
    assert read_text("a: " + "9" * 5000, "x").value == {"a": "9" * 5000}


def test_a_file_that_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match=r"x\.yaml:2: is not text; expected UTF-8"):
        read(file)


def test_a_file_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read(file).value == {"a": 1}


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path)


def test_a_path_is_written_as_people_do() -> None:
    assert dotted(("server", "tokens", 0, "name")) == "server.tokens[0].name"


def test_documents_are_read_one_by_one_with_the_lines_of_the_file() -> None:
    found = read_documents("# none yet\n---\na: 1\n---\n---\n- b\n", "x.yaml")
    assert [(one.value, one.lines[()]) for one in found] == [({"a": 1}, 3), (None, 5), (["b"], 6)]
    assert found[0].lines["a",] == 3
    assert read_documents("", "x.yaml") == []


def test_the_limits_of_one_document_are_those_of_all_together() -> None:
    document = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
    assert len(read_documents(f"{document}---\n" * 3, "x.yaml")) == 4
    with pytest.raises(ConfigError, match="has too many values"):
        read_documents(f"{document}---\n" * 300, "x.yaml")


def test_a_problem_of_a_later_document_has_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^x\.yaml:4: b: is there twice \(first in line 3\)"):
        read_documents("a: 1\n---\nb: 1\nb: 2\n", "x.yaml")
    with pytest.raises(ConfigError, match="is too large"):
        read_documents("a: 1", "x.yaml", limit=3)
