"""The accounts of clouds, and how looking at them goes."""

from typing import Annotated

from fastapi import Query, Response

from gennaker.core.cloud.view import account_json
from gennaker.core.errors import NotFound
from gennaker.plugins.gate.access import Here, answer, needs, routes

router = routes()


@router.get("/credentials", tags=["accounts"], **needs("read"))
def list_accounts(here: Here, expand: bool = False) -> Response:
    """The accounts of all clouds that a worker has told of; `expand` shows their regions and what only their cloud knows."""
    return answer([account_json(one, expand=expand) for one in here.inventory.accounts()])


@router.get("/credentials/{account}", tags=["accounts"], **needs("read"))
def get_account(here: Here, account: str) -> Response:
    """One account, whole."""
    found = next((one for one in here.inventory.accounts() if one.name == account), None)
    if found is None:
        raise NotFound(f"Account not found (name: {account})")
    return answer(account_json(found, expand=True))


@router.get("/credentials/type/{type}", tags=["accounts"], **needs("read"))
def list_accounts_of(
    here: Here, type: str, limit: Annotated[int, Query(ge=1)] = 1000, startingAccountName: str = ""
) -> Response:
    """The accounts of one cloud by name, from `startingAccountName` on."""
    known = sorted((one for one in here.inventory.accounts() if one.provider == type), key=lambda one: one.name)
    return answer([account_json(one, expand=True) for one in known if one.name >= startingAccountName][:limit])


@router.get("/inventory/areas", tags=["accounts"], **needs("read"))
def list_areas(here: Here) -> Response:
    """For each account and region: when it was looked at last, what was found, what went wrong, and when the next look is."""
    return answer(here.inventory.areas())
