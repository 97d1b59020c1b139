"""Finds plugins, keeps a broken one from the others, and gives the rest of the program typed answers.

Separate because pluggy isolates nothing: one raising hook aborts the call, and an entry point that fails to load ends the process. Here
each plugin is imported, checked and asked by itself; whatever it raises makes it broken, with a reason, and the others run.
"""

import inspect
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import click
import pluggy
from msgspec import Struct
from msgspec.structs import replace

from gennaker.config.problems import ConfigError, did_you_mean
from gennaker.config.settings import Settings
from gennaker.core import hookspecs
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.bakery import Bakery
from gennaker.core.cloud.provider import Cloud
from gennaker.core.cloud.stage import CloudStage, bind
from gennaker.core.discovery import Candidate, candidates
from gennaker.core.hookspecs import PROJECT, Background, Subscription
from gennaker.core.lookups import StandardLookup, lookup_type
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.work import LOOKUP_TYPE
from gennaker.core.services import Services
from gennaker.core.stage import Stage, declaration, key_of


class Broken(NamedTuple):
    """A plugin that was left out."""

    name: str
    version: str
    reason: str


class Loaded(Struct, frozen=True, kw_only=True):
    """A plugin that runs."""

    name: str
    version: str
    #: Distribution or file that it came from.
    source: str
    #: The names of the hooks it implements.
    hooks: tuple[str, ...]
    stages: tuple[type[Stage], ...] = ()
    #: The artifact accounts that it brings.
    accounts: tuple[ArtifactAccount, ...] = ()
    clouds: tuple[Cloud, ...] = ()
    cloud_stages: tuple[type[CloudStage], ...] = ()
    #: Its validated section of the YAML; None when it has no settings.
    settings: Any = None


class Unusable(Exception):
    """A plugin cannot be used; the message says why."""


class Plugins:
    """The plugins of this process, as `load` found them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hooks = pluggy.PluginManager(PROJECT)
        self._hooks.add_hookspecs(hookspecs)
        self.loaded: list[Loaded] = []
        self.broken: list[Broken] = []
        #: Where a broken plugin failed, by its name, for its author.
        self.tracebacks: dict[str, str] = {}
        #: Names that the configuration leaves out.
        self.disabled: list[str] = []
        #: Stage types by key, as code and as declarations.
        self.stages: dict[str, type[Stage]] = {LOOKUP_TYPE: StandardLookup}
        self.types: StageTypes = {LOOKUP_TYPE: declaration(StandardLookup, "core", "")}

    def add(self, candidate: Candidate) -> None:
        """Load one plugin; whatever it raises is noted in `broken`."""
        if not self._settings.enabled(candidate.name):
            self.disabled.append(candidate.name)
            return
        try:
            self._take(candidate)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            if self._hooks.has_plugin(candidate.name):
                self._hooks.unregister(name=candidate.name)
            self._note(candidate.name, candidate.version, _reason(error), error)

    def services_for(self, name: str, services: Services) -> Services:
        """The services as one plugin gets them: with its own settings."""
        found = next((plugin for plugin in self.loaded if plugin.name == name), None)
        return replace(services, settings=found.settings) if found else services

    def asgi(self, services: Services) -> Callable[..., Any] | None:
        """The ASGI application; None when no plugin gives one. A second one makes its plugin broken."""
        found: Callable[..., Any] | None = None
        for plugin, app in self._each("gennaker_routes", services, settings=self._settings):
            if found is None:
                found = app
            else:
                reason = "another plugin serves the HTTP routes already; leave one of them out"
                self.broken.append(Broken(plugin.name, plugin.version, reason))
        return found

    def bakery(self, services: Services) -> Bakery | None:
        """The bakery; None when no plugin gives one, the first one's when several do."""
        return next((given for _, given in self._each("gennaker_bakery", services)), None)

    @property
    def clouds(self) -> dict[str, Cloud]:
        """The clouds of all plugins, by name."""
        return {cloud.name: cloud for plugin in self.loaded for cloud in plugin.clouds}

    def accounts(self) -> list[ArtifactAccount]:
        """The artifact accounts of all plugins."""
        return [account for plugin in self.loaded for account in plugin.accounts]

    def subscriptions(self, services: Services) -> list[Subscription]:
        """All subscriptions, each queue's name led by its plugin's."""
        return [
            replace(one, queue=f"{plugin.name}.{one.queue}")
            for plugin, given in self._each("gennaker_subscriptions", services)
            for one in given
        ]

    def background(self, services: Services) -> list[Background]:
        """All background services, each name led by its plugin's."""
        return [
            replace(one, name=f"{plugin.name}.{one.name}")
            for plugin, given in self._each("gennaker_services", services)
            for one in given
        ]

    def commands(self) -> list[click.Command]:
        """The commands that plugins add to the command line."""
        return [command for _, given in self._each("gennaker_commands", Services()) for command in given]

    def _take(self, candidate: Candidate) -> None:
        if any(candidate.name == other.name for other in self.loaded):
            raise Unusable("another plugin has this name already")
        module = candidate.load()
        version = candidate.version or str(getattr(module, "__version__", ""))
        _check_hooks(module)
        self._hooks.register(module, candidate.name)
        settings = self._own_settings(candidate.name)
        stages = tuple(self._ask(candidate.name, "gennaker_stages", settings=settings) or ())
        functions = tuple(self._ask(candidate.name, "gennaker_functions", settings=settings) or ())
        if functions:
            stages = (*stages, lookup_type(functions, candidate.name))
        types = self._declared(stages, candidate.name, version)
        accounts = self._accounts(candidate.name, settings)
        clouds = self._clouds(candidate.name, settings)
        cloud_stages = tuple(self._ask(candidate.name, "gennaker_cloud_stages", settings=settings) or ())
        for stage in stages:
            stage.plugin = candidate.name
            self.stages[key_of(stage)] = stage
        self.types.update(types)
        hooks = tuple(caller.name for caller in self._hooks.get_hookcallers(module) or ())
        self.loaded.append(
            Loaded(
                name=candidate.name,
                version=version,
                source=candidate.source,
                hooks=tuple(sorted(hooks)),
                stages=tuple(stage for stage in stages if not stage.functions),
                accounts=accounts,
                clouds=clouds,
                cloud_stages=cloud_stages,
                settings=settings,
            )
        )

    def _declared(self, stages: Sequence[type[Stage]], plugin: str, version: str) -> StageTypes:
        types: StageTypes = {}
        for stage in stages:
            if not (isinstance(stage, type) and issubclass(stage, Stage) and stage.type):
                raise Unusable(
                    f'gennaker_stages gave {stage!r}, expected a class such as `class Wait(Stage, type="wait")`'
                )
            key = key_of(stage)
            if key in self.types or key in types:
                owner = self.types[key].plugin if key in self.types else plugin
                raise Unusable(f"the stage type {key!r} exists already, in plugin {owner!r}")
            types[key] = declaration(stage, plugin, version)
        return types

    def _accounts(self, plugin: str, settings: Any) -> tuple[ArtifactAccount, ...]:
        """The artifact accounts of a plugin; a name may come again for other types only."""
        found: list[ArtifactAccount] = []
        known = [(account, one.name) for one in self.loaded for account in one.accounts]
        for account in self._ask(plugin, "gennaker_artifacts", settings=settings) or ():
            if not isinstance(account, ArtifactAccount):
                raise Unusable(f"gennaker_artifacts gave {account!r}, expected an ArtifactAccount")
            for other, owner in known:
                if other.name == account.name and other.overlaps(account):
                    raise Unusable(f"the artifact account {account.name!r} exists already, in plugin {owner!r}")
            known.append((account, plugin))
            found.append(account)
        return tuple(found)

    def _clouds(self, plugin: str, settings: Any) -> tuple[Cloud, ...]:
        """The clouds of a plugin; names of clouds and of accounts are unique."""
        found = tuple(self._ask(plugin, "gennaker_clouds", settings=settings, home=self._settings.home) or ())
        known = {account.name: cloud.name for cloud in self.clouds.values() for account in cloud.accounts()}
        for cloud in found:
            if not isinstance(cloud, Cloud):
                raise Unusable(f"gennaker_clouds gave {cloud!r}, expected a Cloud")
            if cloud.name in self.clouds:
                raise Unusable(f"the cloud {cloud.name!r} exists already")
            for account in cloud.accounts():
                if account.name in known:
                    raise Unusable(f"the account {account.name!r} exists already, in cloud {known[account.name]!r}")
                known[account.name] = cloud.name
        return found

    def described(self) -> list[type[Stage]]:
        """The stage types as a page tells them: those that are written once for all clouds once."""
        return [stage for plugin in self.loaded for stage in (*plugin.stages, *plugin.cloud_stages)]

    def bind(self) -> None:
        """Give each cloud its copy of the stage types that are written once for all."""
        for plugin in self.loaded:
            for stage in plugin.cloud_stages:
                stage.plugin = plugin.name
                for cloud in self.clouds.values():
                    bound = bind(stage, cloud)
                    bound.plugin = plugin.name
                    self.stages[key_of(bound)] = bound
                    self.types[key_of(bound)] = declaration(bound, plugin.name, plugin.version)

    def _own_settings(self, name: str) -> Any:
        type_ = self._ask(name, "gennaker_settings")
        if type_ is not None:
            return self._settings.plugin(name, type_)
        if extra := set(self._settings.plugins.get(name, {})) - {"enabled"}:
            key = f"plugins.{name}.{min(extra)}"
            file, line = self._settings.locate(key)
            place = file if line is None else f"{file}:{line}"
            raise Unusable(f"{place}: {key}: this plugin has no settings; expected only `enabled`")
        return None

    def _ask(self, name: str, hook: str, **arguments: Any) -> Any:
        for implementation in getattr(self._hooks.hook, hook).get_hookimpls():
            if implementation.plugin_name == name:
                return implementation.function(*(arguments[key] for key in implementation.argnames))
        return None

    def _each(self, hook: str, services: Services, **arguments: Any) -> list[tuple[Loaded, Any]]:
        answers: list[tuple[Loaded, Any]] = []
        for plugin in list(self.loaded):
            try:
                own = self.services_for(plugin.name, services)
                answer = self._ask(plugin.name, hook, services=own, **arguments)
            except Exception as error:
                self._note(plugin.name, plugin.version, f"{hook} failed: {_reason(error)}", error)
                continue
            if answer is not None:
                answers.append((plugin, answer))
        return answers

    def _note(self, name: str, version: str, reason: str, error: BaseException) -> None:
        self.broken.append(Broken(name, version, reason))
        if not isinstance(error, Unusable | ConfigError):
            self.tracebacks[name] = "".join(traceback.format_exception(error))


def load(settings: Settings, *, only: Sequence[Candidate] | None = None) -> Plugins:
    """Load the installed plugins and those in `settings.plugins_dir`, by name; or `only` the given ones."""
    plugins = Plugins(settings)
    found = candidates(settings.plugins_dir) if only is None else only
    for candidate in found:
        plugins.add(candidate)
    plugins.bind()
    names = {candidate.name for candidate in found}
    for name in sorted(set(settings.plugins) - names) if only is None else ():
        if settings.enabled(name):
            file, line = settings.locate(f"plugins.{name}")
            place = file if line is None else f"{file}:{line}"
            hint = did_you_mean(name, names)
            plugins.broken.append(Broken(name, "", f"{place}: plugins.{name}: no such plugin is installed{hint}"))
    return plugins


def _check_hooks(module: ModuleType) -> None:
    """Refuse a misspelt hook, one without its marker, and one that is a coroutine: pluggy would silently ignore them."""
    known = {name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")}
    for name, value in vars(module).items():
        options = getattr(value, f"{PROJECT}_impl", None)
        if not callable(value) or not (options is not None or name.startswith(f"{PROJECT}_")):
            continue
        hook = (options or {}).get("specname") or name
        if hook not in known:
            raise Unusable(f"{name}: there is no hook of this name{did_you_mean(hook, known)}")
        if options is None:
            raise Unusable(f"{name}: lacks its marker; expected `@hookimpl` from gennaker.core.hookspecs above it")
        if inspect.iscoroutinefunction(value):
            raise Unusable(f"{name}: must be a plain function, not `async def`")


def _reason(error: BaseException) -> str:
    if isinstance(error, Unusable | ConfigError):
        return str(error)
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
