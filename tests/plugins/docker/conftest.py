"""Real registries, and websites that behave like bad ones."""

from registries import basic_registry, registries, registry
from website import http, other, site

__all__ = ["basic_registry", "http", "other", "registries", "registry", "site"]
