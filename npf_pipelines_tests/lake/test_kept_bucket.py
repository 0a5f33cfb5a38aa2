"""Tests of npf_pipelines.lake.kept_bucket."""

import uuid
from collections.abc import Sequence
from unittest import mock

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.lake import kept_bucket
from npf_pipelines.lake.kept_bucket import KeptBucket

FOLDER = "lake/raw_orders/client=acme"
paths = st.sampled_from([f"{FOLDER}/day=2026-11-{day}/part.parquet" for day in range(20, 24)])
steps = st.one_of(
    st.tuples(st.just("write"), paths, st.binary(max_size=9)),
    st.tuples(st.sampled_from(["read", "list", "forget"]), paths, st.just(b"")),
)


@given(st.lists(steps, max_size=25))
def test_a_bucket_that_is_kept_answers_as_the_bucket_itself(taken: Sequence[tuple[str, str, bytes]]) -> None:
    root = f"/{uuid.uuid4()}"
    bucket, there = KeptBucket(fsspec.filesystem("memory")), dict[str, bytes]()
    with mock.patch.object(kept_bucket, "_LARGEST", 12):  # Some contents have to go, and some are too large.
        for step, path, content in taken:
            if step == "write":
                bucket.write(f"{root}/{path}", content)
                there[path] = content
            elif step == "read":
                try:
                    found: bytes | None = bucket.read(f"{root}/{path}")
                except FileNotFoundError:
                    found = None
                assert found == there.get(path)
            elif step == "list":
                assert bucket.below(f"{root}/{FOLDER}") == sorted(f"{root}/{path}" for path in there)
            else:
                bucket.forget(f"{root}/{path}")


def test_a_failed_write_leaves_nothing_kept() -> None:
    system = fsspec.filesystem("memory")
    bucket, path = KeptBucket(system), f"/{uuid.uuid4()}/part.parquet"
    bucket.write(path, b"old")
    with (
        mock.patch.object(system, "pipe_file", side_effect=TimeoutError),
        pytest.raises(OSError, match="bucket") as raised,
    ):
        bucket.write(path, b"lost or not")
    assert raised.value.filename == f"memory://{path}"
    system.pipe_file(path, b"not lost")
    assert bucket.read(path) == b"not lost"
