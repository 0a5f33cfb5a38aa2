"""Progress of a long run: what is done, how much is left, and the rate."""

from collections import Counter

from rich.console import Console
from rich.progress import Progress

from npf_pipelines.cli.progress import BarMeter, LineMeter
from npf_pipelines.domain.work_meter import metered
from npf_pipelines_tests.loop import Loop


def test_lines_come_now_and_then() -> None:
    now, lines = [0.0], list[str]()
    meter = LineMeter(lines.append, clock=lambda: now[0])
    meter.plan("days", 30)
    meter.plan("orders", 400)
    for second in range(1, 21):
        now[0] = second - 0.5
        meter.done("days", 1)
        now[0] = float(second)
        meter.done("orders", 10)
    days, orders = "{} of 30 days done, 1.0 each second", "{} of 400 orders done, 10.0 each second"
    line = f"{days}, about {{}} s left; {orders}, about {{}} s left"
    assert lines == [line.format(10, 20, 100, 30), line.format(20, 10, 200, 20)]


def test_a_bar_grows_with_what_is_found() -> None:
    with Progress(console=Console(quiet=True)) as bars:
        meter = BarMeter(bars)
        for planned in (5, 0, 7):
            meter.plan("days", planned)
        meter.plan("orders", 0)
        meter.done("days", 3)
        (bar,) = bars.tasks
        assert (bar.description, bar.total, bar.completed) == ("days", 12, 3)


class Recorder:
    """Keeps what there was to do, and what was done."""

    def __init__(self) -> None:
        self.planned: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()

    def plan(self, unit: str, count: int) -> None:
        self.planned[unit] += count

    def done(self, unit: str, count: int) -> None:
        self.finished[unit] += count


def test_a_run_counts_its_days_orders_parcels_and_products(loop: Loop) -> None:
    recorder = Recorder()
    with metered(recorder):
        assert loop.run_all() == []
    assert recorder.finished == recorder.planned
    assert recorder.finished.keys() == {"days", "orders", "shipped orders", "products"}
    first, last = loop.days
    assert recorder.finished["days"] == 2 * ((last - first).days + 1)
    ((orders,),) = loop.rows("SELECT count(*) FROM raw_orders")
    assert recorder.finished["orders"] == orders
