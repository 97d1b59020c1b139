"""Plugins are found, checked, and kept from one another."""

from pathlib import Path

import pytest

from gennaker.config import load as load_settings
from gennaker.core.plugins import Plugins, load
from gennaker.core.services import Services

GOOD = """
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Outcome, Run, Stage, task

__version__ = "1.5"

class Hello(Stage, type="{type}"):
    @task
    def hello(self, run: Run) -> Outcome:
        return run.succeeded()

@hookimpl
def gennaker_stages():
    return [Hello]
"""

SETTINGS = """
from msgspec import Struct
from gennaker.core.hookspecs import hookimpl

class Section(Struct, frozen=True, kw_only=True):
    size: int = 3

@hookimpl
def gennaker_settings():
    return Section
"""


class Folder:
    """A home folder with plugins in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "plugins.d").mkdir()

    def plugin(self, name: str, text: str) -> None:
        (self.home / "plugins.d" / f"{name}.py").write_text(text)

    def load(self, yaml: str = "") -> Plugins:
        file = self.home / "gennaker.yaml"
        file.write_text(yaml)
        return load(load_settings(file, home=self.home, environ={}))

    def reason(self, name: str, yaml: str = "") -> str:
        plugins = self.load(yaml)
        assert "flow" in [one.name for one in plugins.loaded]
        [reason] = [one.reason for one in plugins.broken if one.name == name]
        assert name not in [one.name for one in plugins.loaded]
        return reason


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_file_in_the_plugins_folder_is_a_plugin(folder: Folder) -> None:
    folder.plugin("hello", GOOD.format(type="hello"))
    folder.plugin("_not_one", "raise RuntimeError")
    plugins = folder.load()
    assert plugins.broken == []
    [hello] = [one for one in plugins.loaded if one.name == "hello"]
    assert (hello.version, hello.hooks) == ("1.5", ("gennaker_stages",))
    assert plugins.types["hello"].plugin == "hello"
    assert plugins.stages["hello"].plugin == "hello"


def test_the_bundled_plugins_load_without_a_fault(folder: Folder) -> None:
    plugins = folder.load()
    assert plugins.broken == []
    assert {"flow", "gate", "catalog"} <= {one.name for one in plugins.loaded}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        (
            GOOD.format(type="x").replace("def gennaker_stages", "def gennaker_stage"),
            "gennaker_stage: there is no hook of this name (did you mean 'gennaker_stages'?)",
        ),
        (GOOD.format(type="x").replace("@hookimpl", ""), "gennaker_stages: lacks its marker; expected `@hookimpl`"),
        (GOOD.format(type="x").replace("gennaker_stages()", "gennaker_stages(colour)"), "colour"),
        (GOOD.format(type="x").replace("def gennaker_s", "async def gennaker_s"), "not `async def`"),
        (GOOD.format(type="x").replace("return [Hello]", "raise ValueError('no')"), "ValueError: no"),
        (GOOD.format(type="x").replace("return [Hello]", "return [5]"), "gennaker_stages gave 5, expected a class"),
        (GOOD.format(type=""), "expected a class such as `class Wait(Stage"),
        (GOOD.format(type="wait"), "the stage type 'wait' exists already, in plugin 'flow'"),
    ],
)
def test_a_broken_plugin_is_left_out_with_a_reason_while_the_rest_runs(folder: Folder, text: str, said: str) -> None:
    folder.plugin("broken", text)
    assert said in folder.reason("broken")


def test_where_a_plugin_failed_is_kept_for_its_author(folder: Folder) -> None:
    folder.plugin("broken", "1 / 0")
    assert "broken.py" in folder.load().tracebacks["broken"]


def test_a_second_plugin_of_the_same_name_is_left_out(folder: Folder) -> None:
    folder.plugin("flow", GOOD.format(type="other"))
    plugins = folder.load()
    assert ("flow", "", "another plugin has this name already") in plugins.broken
    assert "other" not in plugins.types
    assert "wait" in plugins.types


def test_a_plugin_gets_its_own_section(folder: Folder) -> None:
    folder.plugin("sized", SETTINGS)
    plugins = folder.load("plugins:\n  sized:\n    enabled: true\n    size: 7\n")
    assert plugins.services_for("sized", Services()).settings.size == 7
    assert plugins.services_for("unknown", Services()).settings is None


def test_a_wrong_section_is_told_with_file_line_and_key(folder: Folder) -> None:
    folder.plugin("sized", SETTINGS)
    reason = folder.reason("sized", "plugins:\n  sized:\n    size: big\n")
    assert "gennaker.yaml:3: plugins.sized.size" in reason
    reason = folder.reason("sized", "plugins:\n  sized:\n    syze: 3\n")
    assert "gennaker.yaml:3: plugins.sized.syze" in reason


def test_a_section_for_a_plugin_without_settings_is_told(folder: Folder) -> None:
    folder.plugin("hello", GOOD.format(type="hello"))
    reason = folder.reason("hello", "plugins:\n  hello:\n    size: 3\n")
    assert reason.endswith("gennaker.yaml:3: plugins.hello.size: this plugin has no settings; expected only `enabled`")


def test_a_section_for_no_plugin_is_told(folder: Folder) -> None:
    reason = folder.reason("flo", "plugins:\n  flo:\n    size: 3\n")
    assert reason.endswith("gennaker.yaml:2: plugins.flo: no such plugin is installed (did you mean 'flow'?)")


def test_a_plugin_can_be_left_out(folder: Folder) -> None:
    folder.plugin("hello", "raise RuntimeError")
    plugins = folder.load("plugins:\n  hello:\n    enabled: false\n")
    assert plugins.disabled == ["hello"]
    assert plugins.broken == []


def test_a_hook_that_raises_later_leaves_the_other_plugins_alone(folder: Folder) -> None:
    folder.plugin(
        "listener",
        """
from gennaker.core.hookspecs import Background, Subscription, hookimpl

@hookimpl
def gennaker_subscriptions(services):
    return [Subscription(queue="all", patterns=("#",), handler=lambda event: None)]

@hookimpl
def gennaker_services():
    return [Background(name="beat", run=lambda stop: None)]

@hookimpl
def gennaker_commands():
    import click
    return [click.Command("greet")]
""",
    )
    folder.plugin(
        "raising",
        """
from gennaker.core.hookspecs import hookimpl

@hookimpl
def gennaker_subscriptions(services):
    raise RuntimeError("not today")
""",
    )
    plugins = folder.load()
    assert [one.queue for one in plugins.subscriptions(Services())] == ["listener.all"]
    assert [one.name for one in plugins.background(Services())] == ["listener.beat"]
    assert "greet" in [one.name for one in plugins.commands()]
    assert ("raising", "", "gennaker_subscriptions failed: RuntimeError: not today") in plugins.broken


def test_only_one_plugin_serves_the_http_routes(folder: Folder) -> None:
    routes = """
from gennaker.core.hookspecs import hookimpl

@hookimpl
def gennaker_routes(settings):
    return {name!r}
"""
    folder.plugin("first", routes.format(name="first"))
    folder.plugin("second", routes.format(name="second"))
    plugins = folder.load("plugins:\n  gate:\n    enabled: false\n")
    assert str(plugins.asgi(Services())) == "first"
    assert [one.name for one in plugins.broken] == ["second"]


ACCOUNT = """
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.hookspecs import hookimpl

class Shelf(ArtifactAccount):
    def fetch(self, artifact, http):
        return b""

@hookimpl
def gennaker_artifacts():
    return [{accounts}]
"""


def test_a_plugin_brings_artifact_accounts(folder: Folder) -> None:
    folder.plugin("shelf", ACCOUNT.format(accounts="Shelf('ada', ['shelf/book']), Shelf('ada', ['shelf/map'])"))
    plugins = folder.load()
    assert plugins.broken == []
    ours = [account for account in plugins.accounts() if account.name == "ada"]
    assert [account.types for account in ours] == [("shelf/book",), ("shelf/map",)]


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ("5", "gennaker_artifacts gave 5, expected an ArtifactAccount"),
        ("Shelf('ada', ['a/b']), Shelf('ada', ['a/*'])", "artifact account 'ada' exists already, in plugin 'broken'"),
        ("Shelf('ada', ['a/*']), Shelf('ada', ['a/b'])", "artifact account 'ada' exists already, in plugin 'broken'"),
    ],
)
def test_a_plugin_with_wrong_artifact_accounts_is_left_out(folder: Folder, accounts: str, said: str) -> None:
    folder.plugin("broken", ACCOUNT.format(accounts=accounts))
    assert said in folder.reason("broken")
    assert "ada" not in [account.name for account in folder.load().accounts()]
