"""Webhooks that an operator has configured."""

from pathlib import Path

import pytest

from gennaker.config import load as load_settings
from gennaker.core.model.status import Status
from gennaker.core.plugins import Plugins, load
from gennaker.core.testing import Rig, check_stage

YAML = """
plugins:
  flow:
    webhook:
      preconfigured:
        - type: notifyTeam
          label: Notify the team
          description: Tell the team.
          url: https://chat.example.com/${parameterValues['room']}
          method: PUT
          customHeaders: {Authorization: Bearer sesame-0123}
          payload: {text: "${parameterValues['text']} at ${ parameterValues.room }", count: "${parameterValues['count']}"}
          waitForCompletion: true
          statusUrlResolution: getMethod
          parameters:
            - {name: room, label: Room, defaultValue: lobby}
            - {name: text, description: what is said}
            - {name: count, defaultValue: 3}
        - type: switchedOff
          enabled: false
          url: https://x.example.com
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    file = tmp_path / "gennaker.yaml"
    file.write_text(YAML)
    return load(load_settings(file, home=tmp_path, environ={}))


def test_a_configured_webhook_is_a_stage_type(plugins: Plugins) -> None:
    assert plugins.broken == []
    assert plugins.types["notifyTeam"].description == "Tell the team."
    assert "switchedOff" not in plugins.types
    assert check_stage(plugins.stages["notifyTeam"]) == []


def test_its_parameters_are_put_in_and_the_pipeline_changes_nothing_else(plugins: Plugins) -> None:
    rig = Rig(plugins.stages["notifyTeam"])
    stage = {
        "type": "notifyTeam",
        "name": "tell",
        "url": "https://evil.example.com",
        "parameterValues": {"text": "${x}"},
    }
    assert rig.run([stage]).status is Status.SUCCEEDED
    call = rig.http.asked[0]
    assert (call.method, call.url) == ("PUT", "https://chat.example.com/lobby")
    assert call.content == b'{"text":"${x} at lobby","count":3}'
    assert call.headers["Authorization"] == "Bearer sesame-0123"
    assert "sesame-0123" not in str(rig.execution)


def test_a_parameter_without_a_value_is_told(plugins: Plugins) -> None:
    rig = Rig(plugins.stages["notifyTeam"])
    rig.run([{"type": "notifyTeam", "name": "tell"}])
    told = rig.stage("tell").context["exception"]["details"]["error"]
    assert told.endswith("field parameterValues.text: is missing; expected a value (what is said)")


def test_a_wrong_key_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(YAML.replace("method: PUT", "methud: PUT"))
    plugins = load(load_settings(file, home=tmp_path, environ={}))
    [broken] = plugins.broken
    assert "gennaker.yaml:10: plugins.flow.webhook.preconfigured[0].methud" in broken.reason


def test_a_wrong_value_is_told_before_anything_runs(tmp_path: Path) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(YAML.replace("waitForCompletion: true", "waitForCompletion: perhaps"))
    plugins = load(load_settings(file, home=tmp_path, environ={}))
    [broken] = plugins.broken
    assert "field waitForCompletion: 'perhaps' was given, expected true or false" in broken.reason
    assert "plugins.flow.webhook.preconfigured[0]" in broken.reason


def test_any_field_of_the_webhook_stage_may_be_fixed(tmp_path: Path) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(YAML.replace("method: PUT", "successStatuses: 'done, ok'\n          failFastStatusCodes: [503]"))
    plugins = load(load_settings(file, home=tmp_path, environ={}))
    stage = plugins.stages["notifyTeam"]({"parameterValues": {"text": "x"}, "successStatuses": "nope"})
    assert getattr(stage, "success") == ["done", "ok"]  # noqa: B009
