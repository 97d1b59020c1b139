"""What may be stored as an application, a pipeline or a project, and what the server adds to it. Front50's rules.

Separate from any store so that every store, SQL or not, keeps the same ones. No clock, no ids of its own: both are given.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from gennaker.core.errors import Conflict, InvalidRequest
from gennaker.core.services import Json

_LONGEST_NAME = 250
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
#: Cloud provider to what it allows in an application's name, and how much of it.
_NAMES: dict[str, tuple[str, int]] = {
    "aws": (r"[a-zA-Z_0-9.]*", 250),
    "titus": (r"[a-zA-Z_0-9.]*", 250),
    "openstack": (r"[a-zA-Z_0-9.]*", 250),
    "kubernetes": (r"[a-zA-Z][a-zA-Z0-9-]*", 63),
    "gce": (r"([a-zA-Z][a-zA-Z0-9]*)?", 63),
    "appengine": (r"[a-z0-9]*", 58),
    "dcos": (r"[a-z0-9]*", 127),
    "tencentcloud": (r".*", 50),
}


def name_key(name: str) -> str:
    """A name as it is compared: without the blanks around it and without case."""
    return name.strip().lower()


def application_to_store(given: Json, existing: Json | None, *, user: str, now: int) -> Json:
    """The application with the keys given in place of those stored. Raises InvalidRequest.

    A name is stored in small letters; an e-mail address is required; each provider of `cloudProviders` must allow the name.
    """
    name = name_key(_name(given, "an application"))
    if "/" in name:
        raise InvalidRequest(f"{name!r} holds a slash, which no address of the API could name", "name")
    application = {**(existing or {}), **given, "name": name}
    email = application.get("email")
    if not isinstance(email, str) or not _EMAIL.fullmatch(email.strip()):
        raise InvalidRequest(f"{email!r} is no e-mail address; expected the address of whoever answers for it", "email")
    for provider in _providers(application.get("cloudProviders")):
        pattern, longest = _NAMES.get(provider, (r".*", _LONGEST_NAME))
        if len(name) > longest or not re.fullmatch(pattern, name):
            raise InvalidRequest(
                f"{provider} does not allow the name {name!r}; expected at most {longest} characters that match {pattern}",
                "name",
            )
    _check_permissions(application.get("permissions"))
    created = (existing or {}).get("createTs") or str(now)
    return {**application, "createTs": created, "updateTs": str(now), "lastModifiedBy": user}


def pipeline_to_store(
    given: Json, existing: Json | None, *, user: str, now: int, new_id: Callable[[], str], stale_check: bool = False
) -> Json:
    """The pipeline as it is stored. Raises InvalidRequest, and Conflict when `stale_check` finds that another one was saved since.

    Names are trimmed; a cron trigger without an id gets one, and all get new ones in a new pipeline or with
    `regenerateCronTriggerIds`, so that a copy does not fire in the name of its original.
    """
    name = _name(given, "a pipeline").strip()
    application = given.get("application")
    if not isinstance(application, str) or not application.strip():
        raise InvalidRequest(f"{application!r} names no application; expected the name of one", "application")
    index = given.get("index")
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        raise InvalidRequest(f"{index!r} is no place in an order; expected a whole number", "index")
    for key in ("stages", "triggers", "notifications", "parameterConfig", "expectedArtifacts"):
        _check_list(given, key)
    if stale_check and existing is not None and given.get("lastModified") != existing.get("lastModified"):
        raise Conflict(
            f"the submitted pipeline is stale: it was read at {given.get('lastModified')} and {existing.get('lastModifiedBy')} "
            f"saved {name!r} at {existing.get('lastModified')}; load it again and repeat the change"
        )
    pipeline = {key: value for key, value in given.items() if key != "regenerateCronTriggerIds"}
    regenerate = existing is None or given.get("regenerateCronTriggerIds") is True
    if "triggers" in pipeline:
        pipeline["triggers"] = _with_ids(pipeline["triggers"] or [], regenerate, new_id)
    created = (existing or {}).get("createTs") or str(now)
    return {
        **pipeline,
        "id": given.get("id") or new_id(),
        "name": name,
        "application": application.strip(),
        "lastModified": now,
        "updateTs": str(now),
        "createTs": created,
        "lastModifiedBy": user,
    }


def project_to_store(given: Json, existing: Json | None, *, user: str, now: int, new_id: Callable[[], str]) -> Json:
    """The project as it is stored. Raises InvalidRequest."""
    name = _name(given, "a project").strip()
    config = given.get("config")
    if config is not None and not isinstance(config, dict):
        raise InvalidRequest(f"{type(config).__name__} is no configuration; expected an object", "config")
    return {
        **given,
        "id": given.get("id") or new_id(),
        "name": name,
        "createTs": (existing or {}).get("createTs") or str(now),
        "updateTs": str(now),
        "lastModifiedBy": user,
    }


def check_id(given: Json) -> str | None:
    """The id that was given, or None. Raises InvalidRequest for one that is no text."""
    id_ = given.get("id")
    if id_ is None or id_ == "":
        return None
    if not isinstance(id_, str) or len(id_) > _LONGEST_NAME or _CONTROL.search(id_):
        raise InvalidRequest(f"{id_!r} is no id; expected text of at most {_LONGEST_NAME} characters", "id")
    return id_


def in_order(pipelines: Iterable[Json]) -> list[Json]:
    """Pipelines by application, then index (those without one last), then name; each with the index it has in its application."""
    ordered = sorted(pipelines, key=_place)
    counts: dict[str, int] = {}
    indexed = []
    for pipeline in ordered:
        application = name_key(pipeline["application"])
        counts[application] = counts.get(application, -1) + 1
        indexed.append({**pipeline, "index": counts[application]})
    return indexed


def _place(pipeline: Json) -> tuple[str, bool, int, str]:
    index = pipeline.get("index")
    return (name_key(pipeline["application"]), index is None, index or 0, name_key(pipeline["name"]))


def _name(given: Json, what: str) -> str:
    name = given.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InvalidRequest(f"{name!r} is no name; {what} needs one", "name")
    if _CONTROL.search(name) or len(name) > _LONGEST_NAME:
        raise InvalidRequest(
            f"{name!r} is no name; expected printable text of at most {_LONGEST_NAME} characters", "name"
        )
    return name


def _providers(given: Any) -> list[str]:
    listed = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return [each.strip().lower() for each in listed if isinstance(each, str) and each.strip()]


def _check_permissions(given: Any) -> None:
    if given is None:
        return
    if not isinstance(given, dict):
        raise InvalidRequest(
            f"{given!r} are no permissions; expected an object such as {{READ: [team]}}", "permissions"
        )
    for action, roles in given.items():
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise InvalidRequest(f"{roles!r} are no roles; expected a list of names", f"permissions.{action}")


def _check_list(given: Json, key: str) -> None:
    value = given.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        raise InvalidRequest(f"{type(value).__name__} where a list of objects was expected", key)
    for number, each in enumerate(value):
        if not isinstance(each, dict):
            raise InvalidRequest(f"{each!r} where an object was expected", f"{key}[{number}]")


def _with_ids(triggers: list[Json], regenerate: bool, new_id: Callable[[], str]) -> list[Json]:
    return [
        {**each, "id": new_id()} if each.get("type") == "cron" and (regenerate or not each.get("id")) else each
        for each in triggers
    ]
