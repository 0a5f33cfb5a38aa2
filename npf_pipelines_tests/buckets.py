"""An S3 server for tests, which counts its requests, and delays or refuses them on demand.

It is moto's, in this process. Not here: what is asserted of it.
"""

import contextlib
import os
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import unquote

import fsspec
from moto.server import ThreadedMotoServer

SECRET = "planted-bucket-secret-9c1d"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "planted-bucket-key-4b7e",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    # The machine may have its own.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Failures without their pauses.
    "AWS_MAX_ATTEMPTS": "1",
}
_ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Refusal:
    """The answer of a server that refuses.

    Attributes:
        status: the line of HTTP: `503 Service Unavailable`.
        code: S3's word for the reason.
        methods: the HTTP methods that are refused.
    """

    status: str
    code: str
    methods: tuple[str, ...] = ("GET", "HEAD", "PUT", "POST", "DELETE")


@dataclass
class Bucket:
    """A bucket on the server.

    Attributes:
        endpoint: the server's address.
        name: the bucket's.
        requests: the requests so far, as method and path with query, unquoted.
        latency: seconds that each request takes longer.
        refusal: the answer to every request; None to answer as usual.
    """

    endpoint: str
    name: str = field(default_factory=lambda: f"lake-{uuid.uuid4().hex[:12]}")
    requests: list[tuple[str, str]] = field(default_factory=list)
    latency: float = 0.0
    refusal: Refusal | None = None

    @property
    def url(self) -> str:
        """A folder of the bucket."""
        return f"s3://{self.name}/here"

    def by_client(self) -> dict[str, list[str]]:
        """The requests since the last call, by the client in their path, which may be none."""
        found = defaultdict[str, list[str]](list)
        for method, path in self.requests:
            client = re.search(r"client=([a-z0-9_-]+)", path)
            found[client[1] if client else ""].append(f"{method} {path}")
        self.requests.clear()
        return found

    def answer(self, app: _Wsgi, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """The server's answer to a request."""
        path = unquote(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        self.requests.append((environ["REQUEST_METHOD"], path))
        time.sleep(self.latency)
        if self.refusal and environ["REQUEST_METHOD"] in self.refusal.methods:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start(self.refusal.status, [("Content-Type", "application/xml")])
            return [_ERROR.format(code=self.refusal.code).encode()]
        return app(environ, start)


@contextlib.contextmanager
def opened_bucket() -> Iterator[Bucket]:
    """A server with an empty bucket, to which the environment leads meanwhile."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    bucket = Bucket(f"http://{host}:{port}")
    http: Any = server._server
    app = http.app
    http.app = lambda environ, start: bucket.answer(app, environ, start)
    with mock.patch.dict(os.environ, ENVIRONMENT | {"AWS_ENDPOINT_URL": bucket.endpoint}):
        # Its instances are kept by their arguments, of which the environment is none.
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        fsspec.filesystem("s3").mkdir(bucket.name)
        bucket.requests.clear()
        try:
            yield bucket
        finally:
            server.stop()
