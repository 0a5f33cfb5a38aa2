"""Tests of npf_pipelines.rules.shards."""

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.shards import by_shard, shard_of

CLIENTS = st.sets(st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12), max_size=40)
SHARDS = st.integers(1, 64)


def test_the_shards_of_these_clients_never_change() -> None:
    # Another value would let two workers disagree during an upgrade.
    assert [shard_of(client, 4) for client in ("acme", "bolt", "coil", "dune", "toys", "kites")] == [1, 4, 4, 3, 1, 3]


@given(CLIENTS, SHARDS)
def test_each_client_is_in_one_shard(clients: set[str], shards: int) -> None:
    spread = by_shard(clients, shards)
    assert sorted(client for members in spread.values() for client in members) == sorted(clients)
    assert all(1 <= shard <= shards for shard in spread)
    assert all(spread.values())


@given(CLIENTS, CLIENTS, SHARDS)
def test_other_clients_move_no_client(clients: set[str], others: set[str], shards: int) -> None:
    shard = {client: number for number, members in by_shard(clients | others, shards).items() for client in members}
    assert all(client in by_shard(clients, shards)[shard[client]] for client in clients)


def test_many_clients_are_spread_evenly() -> None:
    spread = by_shard([f"client{number}" for number in range(1000)], 4)
    assert all(200 < len(members) < 300 for members in spread.values())
