"""The section `plugins.local` of the configuration.

Separate because it is what an operator writes.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
Name = Annotated[str, Meta(pattern=_NAME)]
#: Below the ports that systems choose from for connections that go out.
Port = Annotated[int, Meta(ge=1024, le=65535)]


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name under which this machine is a cloud; accounts and regions share nothing but the images."""

    name: Annotated[str, Meta(pattern=_NAME, description="what `account` or `credentials` in a pipeline says")] = (
        "local"
    )
    regions: Annotated[tuple[Name, ...], Meta(min_length=1, description="what `region` may say")] = ("here",)
    environment: Annotated[str, Meta(description="what the account is for, such as test; shown only")] = "local"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.local`."""

    accounts: Annotated[tuple[Account, ...], Meta(min_length=1, description="accounts and their regions")] = (
        Account(),
    )
    folder: Annotated[
        str, Meta(description="where server groups are kept; empty means the folder local in the home folder")
    ] = ""
    images: Annotated[str, Meta(description="where images are; empty means the folder images in the one above")] = ""
    balancer: Annotated[
        Literal["auto", "haproxy", "builtin"],
        Meta(description="what spreads the traffic: auto is HAProxy when it is installed, else the built-in TCP proxy"),
    ] = "auto"
    listen: Annotated[str, Meta(min_length=1, description="address that load balancers listen on")] = "127.0.0.1"
    first_port: Annotated[Port, Meta(description="first port that instances are given")] = 21000
    last_port: Annotated[Port, Meta(description="last port that instances are given")] = 29999
    check_seconds: Annotated[float, Meta(ge=0.05, le=60, description="seconds between two health checks")] = 1.0
    drain_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="seconds that open connections of an instance may go on, at most")
    ] = 30.0
    stop_seconds: Annotated[
        float, Meta(ge=0, le=600, description="seconds from the request to end (SIGTERM) until an instance is killed")
    ] = 10.0

    def __post_init__(self) -> None:
        """Refuse what could never work."""
        if self.first_port > self.last_port:
            raise ValueError(f"first_port {self.first_port} is above last_port {self.last_port}")
        names = [account.name for account in self.accounts]
        if len(set(names)) < len(names):
            raise ValueError("accounts: a name is used twice")

    def at(self, home: Path) -> Path:
        """The folder of everything."""
        return Path(self.folder).expanduser().absolute() if self.folder else home / "local"

    def images_at(self, home: Path) -> Path:
        """The folder of images."""
        return Path(self.images).expanduser().absolute() if self.images else self.at(home) / "images"
