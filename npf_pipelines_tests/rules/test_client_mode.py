"""Tests of npf_pipelines.rules.client_mode: which clients are in trial, and which writes follow."""

import itertools

import pytest

from npf_pipelines.domain.writes import Writes
from npf_pipelines.rules.client_mode import allowed_writes, is_in_trial, mode_misfit


@pytest.mark.parametrize(
    ("mode", "was_live", "expected"),
    [
        ("trial", False, True),
        ("trial", True, True),
        ("live", False, False),
        ("live", True, False),
        (None, False, True),
        (None, True, False),
    ],
)
def test_a_mode_decides_and_without_one_the_past(mode: str | None, *, was_live: bool, expected: bool) -> None:
    assert is_in_trial(mode, was_live=was_live) is expected
    assert bool(mode_misfit(mode, was_live=was_live)) is (mode is None or (mode == "trial" and was_live))


def test_only_a_live_client_is_written_whole() -> None:
    for dry_run, in_trial, certifies in itertools.product((False, True), repeat=3):
        writes = allowed_writes(dry_run=dry_run, in_trial=in_trial, certifies=certifies)
        assert writes.allow(is_test=False) is (not dry_run and not in_trial)
        assert writes.allow(is_test=True) is (not dry_run and (not in_trial or certifies))
    assert allowed_writes(dry_run=False, in_trial=False, certifies=True) is Writes.ALL
