"""Chooses the program that balances a region.

Separate so that neither program knows the other.
"""

from pathlib import Path

from gennaker.core.processes.detached import is_alive
from gennaker.plugins.local.balancer import BUILTIN, Balancer, chosen
from gennaker.plugins.local.builtin import BuiltIn
from gennaker.plugins.local.haproxy import HAProxy
from gennaker.plugins.local.keeper import kept_in


def balancer(folder: Path, setting: str) -> Balancer:
    """The one that runs, whatever the setting says now, so that nobody is cut off; else the one that is set."""
    kept = kept_in(folder)
    kind = kept.kind if kept and is_alive(kept.process) else chosen(setting)
    return BuiltIn(folder) if kind == BUILTIN else HAProxy(folder)
