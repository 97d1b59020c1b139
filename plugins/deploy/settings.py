"""The section `plugins.deploy` of the configuration.

Separate because guards and deployment monitors read it, and the plugin's module loads without either.
"""

from msgspec import Struct


class Monitor(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A service that judges deployments while they run."""

    id: str
    base_url: str
    name: str = ""
    support_contact: str = ""
    #: Minutes that it may take for one judgement.
    max_analysis_minutes: float = 30.0
    #: A monitor that cannot be asked fails the deployment.
    fail_on_error: bool = True


class Settings(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What `plugins.deploy` may hold."""

    #: Part of a guarded cluster's healthy instances that must be exceeded by what is left of them.
    min_capacity_ratio: float = 0.0
    #: A worker without database cannot read traffic guards: it takes every cluster for guarded.
    assume_guarded: bool = True
    monitors: tuple[Monitor, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a ratio that would stop every deployment."""
        if not 0 <= self.min_capacity_ratio < 0.5:
            raise ValueError(f"minCapacityRatio is {self.min_capacity_ratio}; expected at least 0 and less than 0.5")
