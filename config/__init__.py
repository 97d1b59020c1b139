"""The configuration: one YAML file and the environment, typed. Knows nothing of the rest of the program."""

from gennaker.config.load import load
from gennaker.config.problems import ConfigError, Problem
from gennaker.config.settings import Settings

__all__ = ["ConfigError", "Problem", "Settings", "load"]
