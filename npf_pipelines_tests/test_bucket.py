"""The lake on a bucket: few requests, nothing remembered that another process has changed, one sentence when it is away."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from npf_pipelines_tests.buckets import Bucket, opened_bucket
from npf_pipelines_tests.loop import Loop, small_loop

FLOWS = ("orders", "shipments", "stock")


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with opened_bucket() as opened:
        yield opened


@pytest.fixture(scope="module")
def world(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with small_loop(tmp_path_factory.mktemp("world"), lake=bucket.url) as loop:
        yield loop


def test_requests_are_few(world: Loop, bucket: Bucket) -> None:
    today = world.days[1]
    for what, span in (("5 days", None), ("idle 5", None), ("idle 1", (today, today)), ("idle 2", (today - timedelta(days=1), today))):
        for flow in FLOWS:
            if flow == "shipments" and what == "5 days":
                world.work()
            bucket.by_client()
            assert [run.failure for run in world.run(flow, days=span, **({"override_change_limit": True} if flow == "stock" else {}))] == [""]
            log = list(bucket.requests)
            print(what, flow, dict(bucket.by_client()))
            if what in ("idle 1", "5 days"):
                for method, path in log:
                    if "bolt" not in path:
                        print("    ", method, path.replace(bucket.name, ""))
