"""The configuration: where values come from, and what is said of wrong ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from gennaker.config import ConfigError, Settings, load

Load = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Loads a text as the file, with an environment and overrides."""

    def load_text(text: str = "", environ: dict[str, str] | None = None, **overrides: Any) -> Settings:
        file = tmp_path / "gennaker.yaml"
        file.write_text(text)
        keys = {key.replace("__", "."): value for key, value in overrides.items()}
        return load(file, home=tmp_path / "home", environ=environ or {}, overrides=keys)

    return load_text


@pytest.fixture
def problems(read: Load, tmp_path: Path) -> Callable[..., list[str]]:
    """The problems of a text, without the name of its folder."""

    def find(text: str = "", environ: dict[str, str] | None = None, **overrides: Any) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            read(text, environ, **overrides)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in raised.value.problems]

    return find


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(None, home=tmp_path, environ={})
    assert settings.server.port == 8084
    assert settings.database.url == f"sqlite:///{tmp_path}/gennaker.db"
    assert settings.database.synchronous == "FULL"
    assert settings.bus.url == "memory://"
    assert settings.roles == ("api", "engine", "worker")
    assert settings.plugins_dir == tmp_path / "plugins.d"
    assert settings.outbound.allow == ()
    assert settings.file is None


def test_an_empty_file_and_empty_sections_are_the_defaults(read: Load) -> None:
    assert read("server:\nplugins:\noutbound:\n  allow:\n").server.port == 8084


def test_the_file_in_the_home_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "gennaker.yaml").write_text("server: {port: 9000}")
    assert load(None, environ={"GENNAKER_HOME": str(tmp_path)}).server.port == 9000


def test_the_environment_names_the_file_and_its_keys_win_over_it(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("home: data\nserver: {port: 9000, host: '::1'}\nbus: {prefix: a}\n")
    environ = {"GENNAKER_CONFIG": str(file), "GENNAKER_SERVER__PORT": "9001", "GENNAKER_ROLES": "api, engine"}
    settings = load(None, environ=environ, overrides={"bus.prefix": "b"})
    assert (settings.server.host, settings.server.port, settings.bus.prefix) == ("::1", 9001, "b")
    assert settings.roles == ("api", "engine")
    assert settings.home == tmp_path / "data"
    assert settings.locate("server.port") == ("environment variable GENNAKER_SERVER__PORT", None)
    assert settings.locate("server.host") == (str(file), 2)
    assert settings.locate("bus.prefix") == ("command line", None)


def test_a_list_may_be_yaml_in_a_variable_and_hold_references(read: Load) -> None:
    tokens = "[{name: ci, token: 'secret:env:CI_TOKEN', scopes: [run]}]"
    settings = read("", {"GENNAKER_SERVER__TOKENS": tokens, "CI_TOKEN": "abcdefgh"})
    assert settings.server.tokens[0].token == "abcdefgh"
    assert settings.server.authenticated


def test_variables_that_a_cluster_sets_for_a_service_are_left_alone(read: Load) -> None:
    environ = {"GENNAKER_PORT": "tcp://10.0.0.1:8084", "GENNAKER_SERVICE_HOST": "10.0.0.1", "GENNAKER_URL": "http://x"}
    assert read("", environ).server.port == 8084


def test_overrides_may_be_nested(read: Load) -> None:
    settings = read("server: {port: 1}", server={"port": 2, "host": "127.0.0.2"})
    assert (settings.server.port, settings.server.host) == (2, "127.0.0.2")


def test_every_mistake_is_told_with_file_line_key_and_what_was_expected(problems: Callable[..., list[str]]) -> None:
    text = """\
server:
  prt: 1
  port: abc
  tokens:
    - name: ci
      scopes: [read, rum]
roles: [api, egine]
outbond: {}
database:
  synchronous: maybe
"""
    assert problems(text, {"GENNAKER_DATABASE__SHARDS": "0"}) == [
        "gennaker.yaml:8: outbond: is not a known key (did you mean 'outbound'?); "
        "expected one of bus, database, home, logging, outbound, plugins, plugins_dir, roles, server",
        "gennaker.yaml:2: server.prt: is not a known key (did you mean 'port'?); "
        "expected one of basic, host, max_body, port, tokens",
        "gennaker.yaml:3: server.port: is 'abc'; expected a whole number from 0 to 65535",
        "gennaker.yaml:5: server.tokens[0].token: is missing; expected text of at least 8 characters",
        "gennaker.yaml:6: server.tokens[0].scopes[1]: is 'rum'; expected one of admin, read, run",
        "gennaker.yaml:10: database.synchronous: is 'maybe'; expected one of FULL, NORMAL",
        "environment variable GENNAKER_DATABASE__SHARDS: database.shards: is 0; expected a whole number from 1 to 256",
        "gennaker.yaml:7: roles[1]: is 'egine'; expected one of api, engine, worker",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "gennaker.yaml:1: is not a set of keys; expected key: value lines"),
        ("server: 3", "gennaker.yaml:1: server: is 3; expected a section of its own (key: value)"),
        ("roles: []", "gennaker.yaml:1: roles: is a list of 0; expected a list; each item one of api, engine, worker"),
        ("server: {port: }", "gennaker.yaml:1: server.port: is empty; expected a whole number from 0 to 65535"),
        ("server: {port: 70000}", "gennaker.yaml:1: server.port: is 70000; expected a whole number from 0 to 65535"),
        ("server: {port: true}", "gennaker.yaml:1: server.port: is True; expected a whole number from 0 to 65535"),
        ("bus: {prefix: a.b}", "gennaker.yaml:1: bus.prefix: is 'a.b'; expected text like ^[A-Za-z0-9_-]{1,60}$"),
        ("database: {keep_days: 0}", "database.keep_days: is 0; expected a whole number, at least 1 or null"),
        ("database: {url: 'mysql://x'}", "database.url: 'mysql' is not a database that is supported"),
        ("bus: {url: rabbit}", "bus.url: is not a URL; expected memory:// or amqp://user:password@host/vhost"),
        ("outbound: {allow: [10.0.0.0/8, 10.0.0.1/8]}", "outbound.allow[1]: 10.0.0.1/8 has host bits set"),
        ("outbound: {allow: 10.0.0.0/8}", "outbound.allow: is '10.0.0.0/8'; expected a list; each item text"),
        ("plugins: 3", "plugins: is not a set of sections"),
        ("plugins: {flow: 3}", "plugins.flow: is not a section"),
        ("plugins: {flow: {enabled: maybe}}", "plugins.flow.enabled: is 'maybe'; expected true or false"),
        ("home: 3", "home: is 3; expected the path of a folder"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_wrong_value_is_told(problems: Callable[..., list[str]], text: str, expected: str) -> None:
    (problem,) = problems(text)
    assert expected in problem


def test_a_variable_of_no_section_is_told(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems("", {"GENNAKER_DATABSE__URL": "x"})
    assert problem.startswith(
        "environment variable GENNAKER_DATABSE__URL: there is no section 'databse' (did you mean 'database'?)"
    )


def test_a_file_that_is_named_and_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read \(No such file or directory\)"):
        load(tmp_path / "none.yaml", environ={})


def test_the_api_is_not_opened_to_others_without_a_login(problems: Callable[..., list[str]], read: Load) -> None:
    (problem,) = problems("server:\n  host: 0.0.0.0\n")
    assert problem.startswith("gennaker.yaml:2: server.host: 0.0.0.0 can be reached from other machines")
    token = "{name: ci, token: abcdefgh}"
    assert read(f"server: {{host: 0.0.0.0, tokens: [{token}]}}").server.host == "0.0.0.0"
    assert read("server: {host: 0.0.0.0}\nroles: [worker]").server.host == "0.0.0.0"


@pytest.mark.parametrize(("host", "loopback"), [("localhost", True), ("::1", True), ("127.9.9.9", True), ("db", False)])
def test_loopback_is_known(read: Load, host: str, loopback: bool) -> None:
    assert read(f"server: {{host: '{host}'}}\nroles: [worker]").server.loopback is loopback


def test_rule_24_sqlite_is_never_less_than_full_with_a_broker(problems: Callable[..., list[str]], read: Load) -> None:
    text = "database: {synchronous: NORMAL}\nbus: {url: 'amqp://guest:guest@localhost'}"
    assert problems(text) == ["gennaker.yaml:1: database.synchronous: is NORMAL with a message broker; expected FULL"]
    assert read("database: {synchronous: NORMAL}").database.synchronous == "NORMAL"


def test_names_of_tokens_are_there_once(problems: Callable[..., list[str]]) -> None:
    text = "server:\n  tokens:\n  - {name: a, token: abcdefgh}\n  - {name: a, token: abcdefgi}\n"
    assert problems(text) == ["gennaker.yaml:4: server.tokens[1]: 'a' is there twice; expected each name once"]


class FlowSection(Struct, frozen=True, kw_only=True):
    """A plugin's section, as a plugin declares it."""

    limit: int = 3
    token: str = ""
    hosts: tuple[str, ...] = ()


def test_a_plugin_reads_its_section_in_its_own_type(read: Load) -> None:
    environ = {"GENNAKER_PLUGINS__FLOW__LIMIT": "7", "GENNAKER_PLUGINS__FLOW__HOSTS": "a,b", "T": "s3cret!!"}
    settings = read("plugins:\n  flow: {enabled: true, token: 'secret:env:T'}\n  cron:\n", environ)
    assert settings.plugin("flow", FlowSection) == FlowSection(limit=7, token="s3cret!!", hosts=("a", "b"))
    assert settings.plugin("cron", FlowSection) == FlowSection()
    assert settings.plugin("absent", FlowSection) == FlowSection()


def test_a_wrong_key_of_a_plugin_is_told_with_its_line(read: Load, tmp_path: Path) -> None:
    settings = read("plugins:\n  flow:\n    limt: 1\n    token: [hunter22]\n")
    with pytest.raises(ConfigError) as raised:
        settings.plugin("flow", FlowSection)
    first, second = (str(problem).replace(f"{tmp_path}/", "") for problem in raised.value.problems)
    assert first.startswith("gennaker.yaml:3: plugins.flow.limt: is not a known key (did you mean 'limit'?)")
    assert second == "gennaker.yaml:4: plugins.flow.token: is a value that does not fit; expected text"


@pytest.mark.parametrize(("value", "enabled"), [("false", False), ("true", True)])
def test_a_plugin_can_be_left_out(read: Load, value: str, enabled: bool) -> None:
    assert read(f"plugins: {{flow: {{enabled: {value}}}}}").enabled("flow") is enabled
    assert read("", {"GENNAKER_PLUGINS__FLOW__ENABLED": value}).enabled("flow") is enabled
    assert read("").enabled("flow")
