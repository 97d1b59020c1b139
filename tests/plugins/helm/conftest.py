"""A host with a repository, and another one."""

from website import http, other, site

__all__ = ["http", "other", "site"]
