"""What a child keeps of its parent."""

import msgspec

from gennaker.core.model.execution import Execution, Stage
from gennaker.core.runtime.parent import LARGEST, parent_json


def parent(**more):
    stage = Stage(id="s", ref_id="1", type="go", name="Go", outputs={"made": 7}, context=more.pop("context", {"a": 1}))
    return Execution(id="P", application="app", name="p", stages={"s": stage}, **more)


def test_expressions_of_the_child_find_what_the_parent_made():
    told = parent_json(parent(trigger={"type": "manual", "parameters": {"x": 1}}))
    assert told["stages"][0]["outputs"] == {"made": 7}
    assert told["trigger"]["parameters"] == {"x": 1}
    assert told["rootId"] == "P"


def test_what_is_above_the_parent_is_held_without_its_stages():
    first = parent_json(parent())
    told = parent_json(parent(trigger={"type": "pipeline", "parentExecution": {**first, "id": "G", "rootId": "G"}}))
    assert told["trigger"]["parentExecution"]["stages"] == []
    assert told["rootId"] == "G"


def test_a_large_parent_is_held_without_what_its_stages_were_given():
    told = parent_json(parent(context={"a": "x" * LARGEST}))
    assert told["stages"][0]["context"] == {}
    assert told["stages"][0]["outputs"] == {"made": 7}


def test_a_parent_is_never_larger_than_it_may_be():
    stage = Stage(id="s", ref_id="1", type="go", name="Go", outputs={"a": "x" * LARGEST}, context={"b": "y" * LARGEST})
    whole = Execution(id="P", application="app", stages={"s": stage}, trigger={"payload": "z" * LARGEST})
    assert len(msgspec.json.encode(parent_json(whole))) < LARGEST
