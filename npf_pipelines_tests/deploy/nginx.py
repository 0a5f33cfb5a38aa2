"""The real nginx with the project's configuration, on a port of 127.0.0.1.

Not here: what is asked of it (test_nginx.py, ui/test_ui.py).
"""

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from npf_pipelines_tests.dev_server import free_port
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.machine import NGINX, demand

NAME = "npf.example.com"
"""The UI's name in the configuration as it is delivered."""
ANN = ("ann", "her password")
"""Who may come in."""
_CERTIFICATES = Path(__file__).parents[1] / "cscart" / "certificates"
_COMMENTED_OUT = re.compile(r"^    #(?! \S)", re.MULTILINE)
_SECONDS_TO_START = 30


@contextlib.contextmanager
def running_nginx(folder: Path, *, webserver: str, reports: str, cell: str = "") -> Iterator[int]:
    """Nginx in front of two servers; its port, which is part of the UI's origin.

    Args:
        folder: an empty one, for what nginx reads and writes.
        webserver: where Dagster's webserver, or its replacement in the test, answers.
        reports: where the reports do.
        cell: where the reports of a cell do, whose location is a comment otherwise.
    """
    program, port = demand(NGINX), free_port()
    (folder / "htpasswd").write_text(f"{ANN[0]}:{{PLAIN}}{ANN[1]}\n", encoding="utf-8")
    config = (PROJECT / "deploy/nginx/npf.conf").read_text(encoding="utf-8")
    for written, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        f'"https://{NAME}"': f'"https://{NAME}:{port}"',
        "/etc/nginx/npf.pem": str(_CERTIFICATES / "self-signed.pem"),
        "/etc/nginx/npf.key": str(_CERTIFICATES / "key.pem"),
        "/etc/nginx/npf.htpasswd": str(folder / "htpasswd"),
        "http://127.0.0.1:3000": webserver,
        "http://127.0.0.1:3100": reports,
    }.items():
        assert written in config
        config = config.replace(written, here)
    if cell:
        config = _COMMENTED_OUT.sub("    ", config).replace("http://127.0.0.1:3101", cell)
        assert cell in config
    (folder / "npf.conf").write_text(config, encoding="utf-8")
    (folder / "nginx.conf").write_text(_around(folder), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603 - our own words
        [str(program), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _around(folder: Path) -> str:
    """Debian's nginx.conf around a site's file, with everything that nginx writes in a folder of the test."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/pid; events {{}}\n"
        f"http {{ access_log off; {folders}\ninclude {folder}/npf.conf; }}\n"
    )


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return
