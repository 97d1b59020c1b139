"""Whatever is put into a route, the answer is the caller's mistake or a result, never a mistake of ours."""

import random
from typing import Any
from urllib.parse import quote

import httpx

TEXTS = [
    "x",
    "",
    " ",
    "...",
    "a/b",
    "é☃",
    "'; DROP TABLE entry; --",
    "%s%n{0}${jndi:x}",
    "x" * 3000,
    "-1",
    "\u202e",
    "9" * 30,
    "null",
    "*",
    "E1",
    "s1",
    "app",
    "a,b,,",
    "\ud7ff",
]
VALUES: list[Any] = [
    None, True, 0, -1, 2**80, 1.5, "", "x", [], {}, [[]], [None], {"": ""}, {"a": [{"b": None}]}, ["x", 1, {}],
]  # fmt: skip
KEYS = [
    "application", "name", "id", "stages", "job", "trigger", "parameters", "idsToIndices", "ids", "from", "to", "index", "expression",
    "triggers", "judgmentStatus", "manualSkip", "config", "project", "correlationId", "type", "executionId", "parameterConfig",
]  # fmt: skip
ROUNDS = 3


def test_no_input_makes_the_gate_fail(client: httpx.Client, world: Any) -> None:
    world.happened("E1")
    stage = {"type": "wait", "refId": "1"}
    client.post("/pipelines", json={"application": "app", "name": "x", "stages": [stage]})
    chance = random.Random(7)
    failures = []
    paths = client.get("/openapi.json").json()["paths"]
    routes = [
        (method.upper(), path, operation.get("parameters", []), "requestBody" in operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path not in ("/events", "/docs")
    ]
    for method, path, parameters, takes_body in routes * ROUNDS:
        for one in parameters:
            if one["in"] == "path":
                path = path.replace("{" + one["name"] + "}", quote(chance.choice(TEXTS) or "_", safe=""))
        query = {
            one["name"]: chance.choice(TEXTS) for one in parameters if one["in"] == "query" and chance.random() < 0.4
        }
        body = None
        if takes_body:
            body = {key: chance.choice(VALUES) for key in chance.sample(KEYS, 6)}
            body |= {"application": "app", "name": chance.choice(TEXTS)} if chance.random() < 0.5 else {}
            body |= {"stages": [{**stage, chance.choice(KEYS): chance.choice(VALUES)}]} if chance.random() < 0.5 else {}
            body = body if chance.random() < 0.9 else [body]
        headers = {"Idempotency-Key": chance.choice(["", "k"])}
        answer = client.request(method, path, params=query, json=body, headers=headers)
        allowed = answer.status_code < 500 or (answer.status_code == 503 and "offers no" in answer.text)
        if not allowed:
            failures.append((method, path[:200], query, body, answer.text))
    assert not failures
