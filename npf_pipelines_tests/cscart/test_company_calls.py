"""Tests of npf_pipelines.cscart.company_calls, on the sandbox."""

import pytest

from npf_pipelines.cscart.errors import Forbidden, MalformedResponse, NotFound
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_users import StoreUser
from npf_pipelines.sandbox.model import User
from npf_pipelines.sandbox.planted import USER_API_KEY, USER_PASSWORD
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import USER, json_answer
from npf_pipelines_tests.cscart.store_cases import odd


async def test_a_user_is_read_without_its_secrets(store: Store, box: SandboxStore) -> None:
    box.users[7] = User(7, "ann@acme.example", "V", "D", company_id=3)
    administrator, vendor = await store.user(1), await store.user(7)
    assert administrator == StoreUser(user_id="1", email=USER, user_type="A", status="A", company_id=None)
    assert vendor == StoreUser(user_id="7", email="ann@acme.example", user_type="V", status="D", company_id="3")
    assert not {USER_API_KEY, USER_PASSWORD} & set(administrator.model_dump().values())
    assert store.writes == 0


async def test_no_such_user_and_no_such_right_differ(store: Store, box: SandboxStore) -> None:
    with pytest.raises(NotFound):
        await store.user(99)
    box.missing_rights = {"view_users"}
    with pytest.raises(Forbidden, match="view_users"):
        await store.user(1)


async def test_an_edition_has_storefronts_or_vendors(store: Store, box: SandboxStore) -> None:
    box.companies = {number: f"Shop {number}" for number in range(1, 13)}
    assert list(await store.storefronts()) == [str(number) for number in range(1, 13)]
    with pytest.raises(NotFound):
        await store.vendors()
    box.multi_vendor = True
    assert (await store.vendors())["12"] == "Shop 12"
    with pytest.raises(NotFound):
        await store.storefronts()


async def test_another_list_is_a_bad_answer() -> None:
    async with odd(lambda _: json_answer({"companies": []})) as client:
        with pytest.raises(MalformedResponse):
            await client.vendors()
