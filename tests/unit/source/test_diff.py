"""Differences between definitions, as people read them."""

from typing import Any

import pytest

from gennaker.core.source.diff import changes, digest

A, B, C = ({"refId": ref, "type": "wait"} for ref in "123")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": {"c": [1, 2]}}, {"b": {"c": [1, 2]}, "a": 1}, []),
        ({"a": 1}, {"a": 2}, ["changed a 1 2"]),
        ({"a": 1}, {"a": True}, ["changed a 1 True"]),
        ({"a": 1}, {}, ["removed a 1 None"]),
        ({}, {"a": None}, ["added a None None"]),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, ["changed a.b 1 2", "added a.c None 3"]),
        ({"a": {"b": 1}}, {"a": [1]}, ["changed a {'b': 1} [1]"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["changed a[1] 2 3", "added a[2] None 4"]),
        ({"stages": [A, C]}, {"stages": [A, B, C]}, [f"added stages[refId=2] None {B}"]),
        ({"stages": [A, B]}, {"stages": [B]}, [f"removed stages[refId=1] {A} None"]),
        ({"stages": [A, B]}, {"stages": [B, A]}, ["moved stages ['refId=1', 'refId=2'] ['refId=2', 'refId=1']"]),
        ({"stages": [A]}, {"stages": [{**A, "type": "x"}]}, ["changed stages[refId=1].type wait x"]),
        ({"p": [{"name": "a"}, {"name": "b"}]}, {"p": [{"name": "b"}]}, ["removed p[name=a] {'name': 'a'} None"]),
        ({"s": [A, A]}, {"s": [A]}, [f"removed s[1] {A} None"]),
        ({"s": []}, {"s": [A]}, [f"added s[refId=1] None {A}"]),
        ({"s": [{"refId": 1}, {"refId": "1"}]}, {"s": [{"refId": 1}]}, ["removed s[1] {'refId': '1'} None"]),
    ],
)
def test_each_difference_is_told_at_its_place(before: Any, after: Any, expected: list[str]) -> None:
    found = changes(before, after)
    assert [f"{one.what} {one.path} {one.before} {one.after}" for one in found] == expected


def test_no_difference_means_the_same_digest_and_a_difference_another() -> None:
    one = {"a": 1, "b": {"x": [1, 2], "y": "ü"}}
    assert digest(one) == digest({"b": {"y": "ü", "x": [1, 2]}, "a": 1})
    assert digest(one) != digest({"a": 1, "b": {"x": [2, 1], "y": "ü"}})
