"""`npf sandbox`: the pretend store by itself."""

import contextlib
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.server import serve_stores

app = typer.Typer(help="The pretend store.", no_args_is_help=True)


@app.callback()
def _sandbox() -> None:
    """The pretend store."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")],
    latency_ms: Annotated[float, typer.Option(help="Milliseconds that each request waits.")] = 0,
    orders: Annotated[int, typer.Option(help="The number of the store's orders.")] = 200,
    products: Annotated[int, typer.Option(help="The number of its products.")] = 60,
    seed: Annotated[int, typer.Option(help="The random seed: the same seed gives the same store.")] = 1,
) -> None:
    """Serve a generated store named `shop` until interrupted."""
    now = datetime.now(UTC)
    store = generate_store("shop", seed=seed, orders=orders, products=products, days=30, today=now)

    def announce() -> None:
        Console().print(
            f"http://127.0.0.1:{port}/shop (API user {store.api_user}, API key {store.api_key}): "
            f"{len(store.orders)} orders, {len(store.products)} products. Ctrl-C ends it.",
            soft_wrap=True,
            highlight=False,
        )

    with contextlib.suppress(KeyboardInterrupt):
        serve_stores({"shop": store}, port, announce, latency_ms)
