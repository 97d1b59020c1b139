"""The whole configuration, typed: every key, its default, its limits and what it is for.

Separate because this is the one list of keys: the reader, the JSON Schema, `gennaker config init` and the reference page are made
from it. Field descriptions are `Meta(description=…)`; `SECRET` marks a value that is never shown.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, field

from gennaker.config.mask import mask_url
from gennaker.config.origins import Origins
from gennaker.config.problems import ConfigError
from gennaker.config.shape import read_struct

T = TypeVar("T", bound=Struct)

Role = Literal["api", "engine", "worker"]
Scope = Literal["read", "run", "admin"]
ROLES: tuple[Role, ...] = ("api", "engine", "worker")
#: JSON Schema's word for a value that is written and never shown.
SECRET: dict[str, Any] = {"writeOnly": True}


class Token(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API token: `Authorization: Bearer <token>`."""

    name: Annotated[str, Meta(min_length=1, description="what the token is for; shown in the audit trail")]
    token: Annotated[
        str, Meta(min_length=8, description="the token, best as a secret reference", extra_json_schema=SECRET)
    ]
    user: Annotated[str, Meta(description="who acts with it; the token's name when empty")] = ""
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, description="what it may do")] = ("read",)

    def __repr__(self) -> str:
        return f"Token(name={self.name!r}, user={self.user!r}, scopes={self.scopes!r})"


class BasicUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user of HTTP basic authentication."""

    user: Annotated[str, Meta(min_length=1, pattern="^[^:]+$", description="user name")]
    password: Annotated[
        str, Meta(min_length=8, description="the password, best as a secret reference", extra_json_schema=SECRET)
    ]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, description="what the user may do")] = ("read",)

    def __repr__(self) -> str:
        return f"BasicUser(user={self.user!r}, scopes={self.scopes!r})"


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP server (role `api`)."""

    host: Annotated[
        str, Meta(min_length=1, description="address to listen on; anything but loopback needs tokens or basic users")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 lets the system choose")] = 8084
    max_body: Annotated[int, Meta(ge=1024, description="largest request body, in bytes")] = 10 * 1024 * 1024
    tokens: Annotated[tuple[Token, ...], Meta(description="API tokens")] = ()
    basic: Annotated[tuple[BasicUser, ...], Meta(description="users of basic authentication")] = ()

    @property
    def authenticated(self) -> bool:
        """Whoever calls has to say who they are."""
        return bool(self.tokens or self.basic)

    @property
    def loopback(self) -> bool:
        """Only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


class Database(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where executions and their log are kept."""

    url: Annotated[
        str,
        Meta(
            description="sqlite:///<absolute path> or postgresql://user:password@host/name; "
            "empty means gennaker.db in the home folder",
            extra_json_schema=SECRET,
        ),
    ] = ""
    synchronous: Annotated[
        Literal["FULL", "NORMAL"],
        Meta(description="SQLite: FULL survives a power cut, NORMAL is faster and may lose the last moments in one"),
    ] = "FULL"
    shards: Annotated[
        int, Meta(ge=1, le=256, description="PostgreSQL: parts that engines share, fixed when the database is created")
    ] = 4
    keep_days: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="finished executions older than this many days are removed; null keeps all"),
    ] = None
    pool: Annotated[int, Meta(ge=1, le=200, description="database connections of one process, at most")] = 8

    def __repr__(self) -> str:
        return f"Database(url={mask_url(self.url)!r}, synchronous={self.synchronous!r}, shards={self.shards})"


class Bus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How messages travel."""

    url: Annotated[
        str,
        Meta(
            description="memory:// inside one process, amqp://user:password@host/vhost for RabbitMQ, or another transport's URL",
            extra_json_schema=SECRET,
        ),
    ] = "memory://"
    prefix: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{1,60}$", description="first word of every queue and exchange name")
    ] = "gennaker"

    def __repr__(self) -> str:
        return f"Bus(url={mask_url(self.url)!r}, prefix={self.prefix!r})"


class Logging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged, on standard error."""

    format: Annotated[
        Literal["auto", "json", "console"], Meta(description="auto is console on a terminal and json elsewhere")
    ] = "auto"
    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="least level that is shown")] = (
        "info"
    )


class Outbound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the one HTTP client may connect."""

    allow: Annotated[
        tuple[str, ...],
        Meta(
            description="address ranges (CIDR) that may be reached although they are loopback, private or link-local, "
            "such as 10.1.0.0/16"
        ),
    ] = ()


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that was configured."""

    home: Annotated[Path, Meta(description="folder of the database and of plugins.d")]
    server: Server = Server()
    database: Database = Database()
    bus: Bus = Bus()
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, description="parts that this process runs")] = ROLES
    #: Raw sections, by plugin; `plugin()` reads one with the plugin's own schema.
    plugins: dict[str, dict[str, Any]] = field(default_factory=dict)
    plugins_dir: Annotated[
        Path, Meta(description="folder of single-file plugins; plugins.d in the home folder when empty")
    ]
    logging: Logging = Logging()
    outbound: Outbound = Outbound()
    #: The file that was read; None when there was none.
    file: Path | None = None
    origins: Origins = field(default_factory=Origins)
    #: The values of all secret references and of all fields marked secret: what a redactor must hide.
    secrets: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r}, file={str(self.file)!r}, roles={self.roles!r})"

    def locate(self, key: str) -> tuple[str, int | None]:
        """Where a dotted key was set: file (or variable) and line; of its nearest parent when it was not set itself."""
        return self.origins.locate(key)

    def plugin(self, name: str, type_: type[T]) -> T:
        """A plugin's section in the plugin's own type; `enabled` is ours. Raises ConfigError naming file, line and key."""
        raw = {key: value for key, value in self.plugins.get(name, {}).items() if key != "enabled"}
        problems, value = read_struct(type_, raw, ("plugins", name), self.origins)
        if value is None:
            raise ConfigError(problems)
        return value

    def enabled(self, name: str) -> bool:
        """False when the configuration leaves a plugin out (`plugins.<name>.enabled: false`)."""
        return bool(self.plugins.get(name, {}).get("enabled", True))


SECTIONS: Mapping[str, type[Struct]] = {
    "server": Server,
    "database": Database,
    "bus": Bus,
    "logging": Logging,
    "outbound": Outbound,
}
