"""Strategies: how traffic moves from the server groups that are there to a new one. Each is a planner without I/O."""

from gennaker.plugins.deploy.strategies.custom import Custom
from gennaker.plugins.deploy.strategies.highlander import Highlander
from gennaker.plugins.deploy.strategies.monitored import Monitored
from gennaker.plugins.deploy.strategies.redblack import RedBlack
from gennaker.plugins.deploy.strategies.rolling import RollingRedBlack
from gennaker.plugins.deploy.strategies.strategy import Strategy

__all__ = ["Strategy", "strategy_named"]

_STRATEGIES: dict[str, type[Strategy]] = {
    "highlander": Highlander,
    "redblack": RedBlack,
    "bluegreen": RedBlack,
    "rollingredblack": RollingRedBlack,
    "custom": Custom,
    "monitored": Monitored,
}


def strategy_named(name: str) -> Strategy:
    """The strategy of a name; an unknown name does nothing beyond creating the server group, as in Spinnaker."""
    return _STRATEGIES.get(name.lower(), Strategy)()
