"""Shards: a fixed division of the clients, so that the runs of a large cell are shorter and several at a time.

A client's shard depends on its id and the number of shards only: on any machine, in any process, beside any other
clients. Not here: the requests for the shards' runs (automation/run_requests.py).
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping


def by_shard(clients: Collection[str], shards: int) -> Mapping[int, Collection[str]]:
    """The clients of each shard that has any, by the shard's number, from 1."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for client in sorted(clients):
        found[shard_of(client, shards)].append(client)
    return dict(sorted(found.items()))


def shard_of(client: str, shards: int) -> int:
    """The number of the client's shard, from 1. Python's own hash differs between processes."""
    digest = hashlib.sha256(client.encode()).digest()
    return int.from_bytes(digest[:8]) % shards + 1
