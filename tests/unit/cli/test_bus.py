"""`gennaker bus`."""

import json
from typing import Any

LETTER = {
    "id": "a1",
    "queue": "mail",
    "type": "stage.finished",
    "subject": "01J",
    "reason": "ConnectionError: refused",
    "at": 1_764_000_000_000,
}


def test_the_status_shows_queues_and_leaves_out_what_nobody_knows(server: Any, gennaker: Any) -> None:
    queues = [{"name": "mail", "messages": 3, "consumers": None}]
    server.on("GET", "/bus", {"transport": "rabbitmq", "up": True, "reason": "", "outstanding": 2, "queues": queues})

    result = gennaker("bus", "status")

    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert ["status", "UP"] in lines
    assert ["unconfirmed", "2"] in lines
    assert lines[-2:] == [["QUEUE", "MESSAGES", "CONSUMERS"], ["mail", "3"]]
    assert "reason" not in result.output


def test_for_programs_the_status_and_a_letter_are_as_the_daemon_gave_them(server: Any, gennaker: Any) -> None:
    status = {"transport": "memory", "up": True, "reason": "", "outstanding": 0, "queues": []}
    server.on("GET", "/bus", status)
    letter = {**LETTER, "body": "\\xff", "traceback": ""}
    server.on("GET", "/bus/deadLetters/a1", letter)

    assert json.loads(gennaker("bus", "status", "-o", "json").output) == status
    assert json.loads(gennaker("bus", "dead-letters", "show", "a1", "-o", "json").output) == letter
    assert "Body:\n\\xff" in gennaker("bus", "dead-letters", "show", "a1").output


def test_dead_letters_are_listed_for_people_and_for_programs(server: Any, gennaker: Any) -> None:
    server.on("GET", "/bus/deadLetters", [LETTER])

    table = gennaker("bus", "dead-letters", "list", "--limit", "5")
    data = gennaker("bus", "dead-letters", "list", "-o", "json")

    assert "ConnectionError: refused" in table.output
    assert json.loads(data.output) == [LETTER]
    assert server.calls[0].query == {"limit": "5"}


def test_a_dead_letter_is_shown_with_body_and_traceback(server: Any, gennaker: Any) -> None:
    trace = "Traceback (most recent call last):\n  line 1"
    server.on("GET", "/bus/deadLetters/a1", {**LETTER, "body": {"status": "SUCCEEDED"}, "traceback": trace})

    result = gennaker("bus", "dead-letters", "show", "a1")

    assert '"status": "SUCCEEDED"' in result.output
    assert trace in result.output


def test_a_dead_letter_that_is_not_there_is_one_sentence_on_stderr(gennaker: Any) -> None:
    result = gennaker("bus", "dead-letters", "show", "nobody")

    assert result.exit_code == 4
    assert result.stderr == "Error: not there\n"


def test_dead_letters_are_tried_again_in_one_call(server: Any, gennaker: Any) -> None:
    server.on("POST", "/bus/deadLetters/requeue", {"requeued": 2})

    result = gennaker("bus", "dead-letters", "requeue", "a1", "db.x")

    assert server.made("POST")[0].body == {"ids": ["a1", "db.x"]}
    assert "2 of 2 dead letters are tried again" in result.output


def test_dead_letters_are_forgotten_one_by_one(server: Any, gennaker: Any) -> None:
    server.on("DELETE", "/bus/deadLetters/a1", None)
    server.on("DELETE", "/bus/deadLetters/a2", None)

    result = gennaker("bus", "dead-letters", "drop", "a1", "a2")

    assert [call.path for call in server.made("DELETE")] == ["/bus/deadLetters/a1", "/bus/deadLetters/a2"]
    assert "2 dead letters are forgotten" in result.output


def test_naming_no_letter_is_a_usage_error(gennaker: Any) -> None:
    assert gennaker("bus", "dead-letters", "drop").exit_code == 2
