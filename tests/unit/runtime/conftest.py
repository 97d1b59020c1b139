"""Whole processes without a process."""

from processes import chain, home, runtime, runtimes, until

__all__ = ["chain", "home", "runtime", "runtimes", "until"]
