"""The counters of runs over real stores: each thing is counted once, whatever runs again or fails."""

from prometheus_client.core import Metric

from npf_pipelines.reports.metrics import Metrics
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import place


def figures(loop: Loop) -> dict[str, float]:
    """All samples by name and labels."""
    families: list[Metric] = list(Metrics(loop.services).collect())
    return {
        f"{sample.name}{''.join(f' {label}' for label in sample.labels.values())}": sample.value
        for family in families
        for sample in family.samples
    }


def grown(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """By how much the counters have grown, others left out."""
    counters = {name: after[name] - value for name, value in before.items() if _is_counter(name)}
    assert min(counters.values()) >= 0
    return {name: by for name, by in counters.items() if by}


def test_what_runs_did_is_counted_once(fresh: Loop) -> None:
    store, first = fresh.stores["acme"], figures(fresh)
    # Everything before the first import was backfilled.
    assert first["npf_time_to_platform_seconds_count acme"] == 0
    # A sold parcel's way: ordered, imported, lodged, in the store.
    assert first["npf_time_to_store_seconds_count acme"] == len(
        fresh.rows("SELECT 1 FROM tracking_push WHERE client = 'acme' AND confirmed_at IS NOT NULL")
    )
    assert first["npf_runs_total acme orders succeeded"] == first["npf_runs_total bolt stock succeeded"] == 1
    place(store, days=0)
    fresh.run("orders", "acme")
    second = figures(fresh)
    by = grown(first, second)
    assert by.pop("npf_store_requests_total acme orders") > 0
    seconds = by.pop("npf_time_to_platform_seconds_sum acme")
    assert 0 <= seconds < 60
    assert by.pop("npf_time_to_platform_seconds_bucket acme 60.0") == 1
    assert {name: value for name, value in by.items() if "bucket" not in name} == {
        "npf_time_to_platform_seconds_count acme": 1,
        "npf_runs_total acme orders succeeded": 1,
    }
    fresh.run("orders", "acme", dry_run=True)
    assert grown(second, figures(fresh)) == {}
    fresh.run("orders", "acme")
    assert "npf_time_to_platform_seconds_count acme" not in grown(second, figures(fresh))


def test_a_run_that_fails_counts_its_requests_and_its_end(fresh: Loop) -> None:
    before = figures(fresh)
    fresh.stores["bolt"].api_key = "another"
    fresh.run("orders", "bolt")
    after = figures(fresh)
    by = grown(before, after)
    assert by.pop("npf_store_requests_total bolt orders") > 0
    assert by == {"npf_runs_total bolt orders permanent": 1}
    assert after["npf_failures bolt orders"] == 1
    last = "npf_last_success_timestamp_seconds bolt orders"
    assert after[last] == before[last]


def _is_counter(name: str) -> bool:
    return any(part in name for part in ("_total ", "_bucket ", "_count ", "_sum "))
