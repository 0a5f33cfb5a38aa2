"""Calls for a store's users and companies: an administrator, the storefronts, the vendors.

Not here: what is expected of them (rules/store_check/), how a user is read (user_parser.py).
"""

from npf_pipelines.cscart.calls import ROWS_PER_PAGE, StoreCalls, parsed
from npf_pipelines.cscart.fields import Row
from npf_pipelines.cscart.paging import read_page
from npf_pipelines.cscart.user_parser import parse_user
from npf_pipelines.domain.store_users import StoreUser


class CompanyCalls(StoreCalls):
    """The part of a store's API that concerns its users and companies. Reads only."""

    async def user(self, user_id: int) -> StoreUser:
        """A user of the store.

        Raises:
            NotFound: the store has no such user.
            Forbidden: the API user lacks the right view_users (documented).
        """
        return parsed(parse_user, await self._http.get(f"users/{user_id}"))

    async def storefronts(self) -> dict[str, str]:
        """The names of the storefronts by id.

        Raises:
            NotFound: the edition has no storefronts (documented).
            Forbidden: as well (documented).
        """
        return await self._names("stores")

    async def vendors(self) -> dict[str, str]:
        """The names of the vendors by id, up to a page of them.

        Raises:
            NotFound: the store is no Multi-Vendor (documented).
            Forbidden: as well (documented).
        """
        return await self._names("vendors")

    async def _names(self, entity: str) -> dict[str, str]:
        """The names of companies: rows `{company_id, company}` in a list of the entity's name (inferred)."""
        page = read_page(await self._http.get(entity, {"items_per_page": ROWS_PER_PAGE}), entity)
        rows = self._readable(
            lambda raw: (Row(raw).number_id("company_id"), Row(raw).name("company")), entity, "company_id", page.rows
        )
        return dict(rows)
