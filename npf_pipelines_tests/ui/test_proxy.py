"""Dagster's UI behind nginx: a person with a password works in it as before, and another page no longer acts in it."""

import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, WebSocket, expect

from npf_pipelines_tests.deploy.nginx import ANN, NAME, running_nginx
from npf_pipelines_tests.dev_server import DevServer

MUTATION = 'mutation { logTelemetry(action: "a", clientTime: "1", clientId: "1", metadata: "{}") { __typename } }'
FOREIGN = {"Origin": "https://evil.example"}


def test_the_ui_works_behind_nginx(browser: Browser, dev: DevServer, tmp_path: Path) -> None:
    with running_nginx(tmp_path, webserver=dev.url, reports=dev.url) as port:
        context = browser.new_context(
            base_url=f"https://{NAME}:{port}",
            ignore_https_errors=True,
            http_credentials={"username": ANN[0], "password": ANN[1]},
        )
        received: list[str] = []

        def listen(websocket: WebSocket) -> None:
            websocket.on("framereceived", lambda frame: received.append(str(frame)))

        page = context.new_page()
        page.on("websocket", listen)
        page.goto("/assets")
        expect(page.get_by_text("raw_orders").first).to_be_visible(timeout=60_000)
        until = time.monotonic() + 60
        while not any("connection_ack" in frame for frame in received):
            assert time.monotonic() < until
            page.wait_for_timeout(200)
        context.close()


def test_a_get_of_another_page_acts_without_nginx_and_not_behind_it(dev: DevServer, tmp_path: Path) -> None:
    """Should Dagster refuse it by itself one day, the README has a sentence too many."""
    asked = {"query": MUTATION}
    direct = httpx.get(f"{dev.url}/graphql", params=asked, headers=FOREIGN, timeout=60)
    assert direct.json()["data"]["logTelemetry"]
    with running_nginx(tmp_path, webserver=dev.url, reports=dev.url) as port:
        for headers in ({}, FOREIGN):
            behind = httpx.Client(verify=False, auth=ANN, timeout=60)  # noqa: S501 - a certificate that guards nothing
            with behind:
                answer = behind.get(
                    f"https://127.0.0.1:{port}/graphql",
                    params=asked,
                    headers={"Host": NAME} | headers,
                    extensions={"sni_hostname": NAME},
                )
            assert answer.status_code in {403, 405}
