"""`/stores` and `/vendors`: a store's companies; each edition has one of the two, and answers 404 for the other."""

from npf_pipelines.sandbox.answers import company_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.listing import list_plain

RIGHTS = {"GET": "view_companies"}
"""The right's name is inferred."""


async def answer_stores(call: Call) -> Answer:
    """GET /stores, of an edition with storefronts (documented)."""
    return refusal(404) if call.store.multi_vendor else _index(call, "stores")


async def answer_vendors(call: Call) -> Answer:
    """GET /vendors, of a Multi-Vendor (documented)."""
    return _index(call, "vendors") if call.store.multi_vendor else refusal(404)


def _index(call: Call, name: str) -> Answer:
    if call.method != "GET" or call.number is not None:
        return refusal(405)
    rows = [company_row(number, company) for number, company in call.store.companies.items()]
    page, params = list_plain(call.store, call.query, rows)
    return Answer(200, {name: page, "params": params})
