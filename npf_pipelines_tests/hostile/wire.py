"""A store whose every answer is one hostile reply, and what may come of a call to it.

Not here: the replies (answers.py).
"""

import asyncio
import time
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from hypothesis import strategies as st
from pydantic import SecretStr

from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines_tests.hostile.answers import Reply, replies

TIMEOUT = 0.15
"""Seconds without progress after which a call times out."""
_LARGEST = 1_000_000
_MOST_SECONDS = 20.0
"""For a call with all that follows from it, on a machine that is busy with something else."""
_START, _END = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 0, 10, tzinfo=UTC)
_LONGEST_SENTENCE = 1500
_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the order in which a text is shown."""


async def _orders(store: Store) -> object:
    return [order async for page in store.orders_placed(_START, _END) for order in page]


async def _products(store: Store) -> object:
    return [product async for product in store.products()]


async def _create(store: Store) -> object:
    return await store.create_shipment(
        "96",
        shipping_id="1",
        carrier="ups",
        tracking_number="1Z",
        quantities={"1": 1},
        comments="",
        notify_customer=False,
    )


CALLS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "orders": _orders,
    "orders by id": lambda store: store.orders_by_id(["96", "97"]),
    "newest": lambda store: store.newest(),
    "statuses": lambda store: store.statuses(),
    "shipments": lambda store: store.shipments_of("96"),
    "products": _products,
    "create": _create,
    "status": lambda store: store.set_status("96", "C"),
    "amount": lambda store: store.set_amount("5", 3),
    "delete": lambda store: store.delete_shipment("7"),
}


_ABOUT = {"shipments": "shipments", "create": "shipments", "delete": "shipments", "statuses": "statuses"}
_ABOUT |= {"products": "products", "amount": "products"}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Reply]:
    """A call, and what it gets."""
    name = draw(st.sampled_from(sorted(CALLS)))
    return name, draw(replies(_ABOUT.get(name, "orders")))


class HostileWire:
    """The server and the calls to it, each to its end; a context manager.

    Attributes:
        ends: how the calls ended, by the name of the error.
    """

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self._runner = asyncio.Runner()
        self._reply = Reply(b"")

    def __enter__(self) -> Self:
        self._runner.__enter__()
        self._server = self._runner.run(self._listen())
        self._url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self._runner.__exit__(kind, error, traceback)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(self._reply.raw)
                await writer.drain()
                if self._reply.hangs:
                    await reader.read()
                break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def call(self, name: str, reply: Reply) -> None:
        """Make a call of CALLS that gets this reply, and again for whatever it asks next.

        Raises:
            AssertionError: it ended neither in a usable answer nor in a StoreError with a sentence, or too late.
        """
        self._reply = reply
        began = time.monotonic()
        try:
            self._runner.run(self._call(CALLS[name]))
            self.ends["usable"] += 1
        except StoreError as error:
            self.ends[type(error).__name__] += 1
            _check_sentence(str(error))
        assert time.monotonic() - began < _MOST_SECONDS

    async def _call(self, call: Callable[[Store], Awaitable[Any]]) -> None:
        store = Store(
            self._url,
            "api@acme.example",
            SecretStr("S3cr3t/Key+1"),
            concurrency=2,
            timeout=TIMEOUT,
            attempts=1,
            largest_answer=_LARGEST,
        )
        async with store:
            await call(store)


def _check_sentence(text: str) -> None:
    assert text.endswith((".", "…"))
    assert len(text) < _LONGEST_SENTENCE
    # Letters that this Python's Unicode doesn't know yet are shown as boxes and do no harm.
    assert {unicodedata.category(letter) for letter in text.replace("\n", "")}.isdisjoint({"Cc", "Cs"}), text
    assert set(text).isdisjoint(_OVERRIDES), text
    text.encode()
