"""Which facts a pattern takes."""

import pytest

from gennaker.bus.topics import Routes, matches


@pytest.mark.parametrize(
    ("pattern", "type_", "taken"),
    [
        ("stage.finished", "stage.finished", True),
        ("stage.finished", "stage.finished.late", False),
        ("stage.*", "stage.finished", True),
        ("stage.*", "stage", False),
        ("stage.*", "stage.a.b", False),
        ("stage.#", "stage", True),
        ("stage.#", "stage.a.b", True),
        ("#", "anything.at.all", True),
        ("#.finished", "finished", True),
        ("#.finished", "stage.task.finished", True),
        ("*.finished", "stage.task.finished", False),
        ("a.#.z", "a.z", True),
        ("a.#.z", "a.b.c.z", True),
        ("a.b", "aXb", False),
    ],
)
def test_a_pattern_takes_what_a_topic_exchange_would_give_it(pattern: str, type_: str, taken: bool) -> None:
    assert matches([pattern], type_) is taken


def test_a_destination_is_found_once_however_many_of_its_patterns_match() -> None:
    routes = Routes()
    routes.add("mail", ["stage.*", "#"])
    routes.add("chat", ["execution.*"])

    assert routes.of("stage.finished") == ("mail",)


def test_a_pattern_added_later_counts_for_types_already_seen() -> None:
    routes = Routes()
    routes.add("mail", ["stage.*"])
    assert routes.of("execution.finished") == ()

    routes.add("mail", ["execution.*"])

    assert routes.of("execution.finished") == ("mail",)
    routes.remove("mail")
    assert routes.of("execution.finished") == ()
