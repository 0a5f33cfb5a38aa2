"""The cost of one hanging store for the other clients of its run: `python -m benchmarks.hanging`.

The same work over 20 clients, in turn with all stores answering and with one that accepts connections and never
answers; what counts is when the others' partitions are made. Exits with 1 when they are made 10 % later.
"""

import logging
import statistics
import sys
import tempfile
import threading
from pathlib import Path

import dagster as dg
from rich.console import Console

from npf_pipelines_tests.loop import Loop, small_loop

CLIENTS = tuple(f"client{number:02}" for number in range(20))
HANGING = CLIENTS[7]
ROUNDS = 9
ORDERS = 3
LIMIT = 0.10
_HANGS = 8.0
"""Seconds until the store answers after all: longer than the others need, shorter than the time limit of a call."""


def main() -> None:
    """Print the times and their ratio."""
    logging.disable(logging.WARNING)
    console = Console()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, small_loop(Path(folder), CLIENTS) as loop:
        loop.run_all()
        _others_made(loop, hangs=False)  # Warm.
        times = {hangs: list[float]() for hangs in (False, True)}
        for number in range(2 * ROUNDS):
            times[number % 2 == 1].append(_others_made(loop, hangs=number % 2 == 1))
    usual, hanging = (statistics.median(times[hangs]) for hangs in (False, True))
    console.print(f"the other clients' partitions are made on average after {usual:.2f} s; with one store that hangs")
    console.print(f"after {hanging:.2f} s: {hanging / usual - 1:+.1%} (medians of {ROUNDS}, limit {LIMIT:.0%})")
    sys.exit(0 if hanging / usual - 1 < LIMIT else 1)


def _others_made(loop: Loop, *, hangs: bool) -> float:
    """Seconds from a run's start until a partition of another client was made, on average."""
    for name, store in loop.stores.items():
        if name != HANGING:
            goods = [one.product_id for one in store.products.values() if one.tracked and one.product_code]
            store.set_amount(goods[0], 1000)
            for _ in range(ORDERS):
                store.place_order([(goods[0], 1)])
    loop.stores[HANGING].hangs = hangs
    release = threading.Timer(_HANGS if hangs else 0, lambda: setattr(loop.stores[HANGING], "hangs", False))
    release.start()
    today = loop.days[1]
    launched = loop.run("orders", days=(today, today))
    release.join()
    (run_id,) = (one.run_id for one in launched)
    began = loop.instance.get_run_stats(run_id).start_time or 0.0
    made = loop.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    after = [record.timestamp - began for record in made if not str(record.partition_key or "").startswith(HANGING)]
    return statistics.mean(after)


if __name__ == "__main__":
    main()
