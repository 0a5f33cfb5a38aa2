"""One store: the client of its API, made of the calls for orders, shipments, products, statuses and companies.

Not here: the calls (order_calls.py, shipment_calls.py, product_calls.py, status_calls.py, company_calls.py), HTTP
(http.py), and whether anything should be written at all.
"""

from types import TracebackType
from typing import Self

from pydantic import SecretStr

from npf_pipelines.cscart.answer_heads import AnswerHeads
from npf_pipelines.cscart.company_calls import CompanyCalls
from npf_pipelines.cscart.errors import MalformedResponse
from npf_pipelines.cscart.http import LARGEST_ANSWER, TIMEOUT, StoreHttp
from npf_pipelines.cscart.order_calls import OrderCalls
from npf_pipelines.cscart.product_calls import ProductCalls
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.cscart.shipment_calls import ShipmentCalls
from npf_pipelines.cscart.status_calls import StatusCalls
from npf_pipelines.cscart.version_hint import version_in


class Store(StatusCalls, OrderCalls, ShipmentCalls, ProductCalls, CompanyCalls):
    """The client of one CS-Cart store, to be used as an async context manager.

    Every method raises StoreError (errors.py) when the store gives no usable answer.

    Attributes:
        concurrency: requests at a time.
    """

    def __init__(
        self,
        url: str,
        api_user: str,
        api_key: SecretStr,
        *,
        concurrency: int = 4,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        largest_answer: int = LARGEST_ANSWER,
        read_only: bool = False,
        vendor: int | None = None,
    ) -> None:
        """Arguments as for `StoreHttp`; raises ValueError for an address to which no key may be sent."""
        self.concurrency = concurrency
        super().__init__(
            StoreHttp(
                url,
                api_user,
                api_key,
                concurrency=concurrency,
                timeout=timeout,
                attempts=attempts,
                largest_answer=largest_answer,
                read_only=read_only,
                vendor=vendor,
            )
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, traceback)

    def watch_heads(self) -> AnswerHeads:
        """The facts in the heads of all answers from now on."""
        heads = AnswerHeads()
        self._http.watch_heads(heads.note)
        return heads

    async def version_hint(self) -> str:
        """The line by which the store names its version (version_hint.py); asked for without the key.

        Raises:
            StoreError: no connection, or none that can be used; any status is an answer.
        """
        try:
            return version_in(await self._http.front_page("version"))
        except MalformedResponse:
            return ""

    @property
    def requests(self) -> int:
        """The requests sent so far, repeats included."""
        return self._http.requests

    @property
    def writes(self) -> int:
        """The requests sent so far that could change something."""
        return self._http.writes
