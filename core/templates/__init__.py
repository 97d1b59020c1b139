"""Pipeline templates, version 2: what a template may be, and the pipeline that a configuration makes of it. Pure."""

from gennaker.core.templates.document import TAGS, check_template, digest_of, scopes_of, template_to_store
from gennaker.core.templates.plan import check_config, plan
from gennaker.core.templates.reference import Reference, is_templated, read_reference, used_by

__all__ = [
    "TAGS",
    "Reference",
    "check_config",
    "check_template",
    "digest_of",
    "is_templated",
    "plan",
    "read_reference",
    "scopes_of",
    "template_to_store",
    "used_by",
]
