"""A receiver of webhooks on a real socket: it notes what it gets, and can be out of order.

Not here: what is expected of it.
"""

import threading
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from npf_pipelines.loopback import LoopbackServer

TOKEN = "planted-webhook-token-91c"


class Receiver(LoopbackServer):
    """A server that takes messages at its `webhook`.

    Attributes:
        got: what arrived, also where the answer was an error.
        status: what is answered.
        hangs: while it is clear, no answer comes.
    """

    def __init__(self) -> None:
        super().__init__(Starlette(routes=[Route(f"/{TOKEN}", self._take, methods=["POST"])]))
        self.got: list[Any] = []
        self.status = 200
        self.answers = threading.Event()
        self.answers.set()

    @property
    def webhook(self) -> str:
        """The address, a secret."""
        return f"{self.url}/{TOKEN}"

    @property
    def texts(self) -> list[str]:
        """The messages that were taken."""
        return [message["text"] for message in self.got]

    async def _take(self, request: Request) -> Response:
        content = await request.json()
        if self.status == 200:
            self.got.append(content)
        await run_in_threadpool(self.answers.wait, 20)
        return PlainTextResponse("ok", self.status)
