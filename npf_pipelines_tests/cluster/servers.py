"""The servers that the machines of a cluster share, each started for the length of a block: Redis and S3.

Not here: PostgreSQL (npf_pipelines_tests/databases.py), the machines (machines.py).
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator

import boto3  # type: ignore[import-untyped]
import redis
from moto.server import ThreadedMotoServer

from npf_pipelines_tests.dev_server import free_port
from npf_pipelines_tests.machine import REDIS

_SECONDS_TO_START = 30.0
BUCKET = "npf"


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """A Redis server that keeps nothing on disk; its URL.

    Raises:
        FileNotFoundError: the machine has none.
    """
    program, port = REDIS.find(), free_port()
    if program is None:
        raise FileNotFoundError(REDIS.how_to_get)
    words = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
    process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    try:
        until = time.monotonic() + _SECONDS_TO_START
        with redis.Redis(port=port) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running_s3() -> Iterator[dict[str, str]]:
    """An S3 server with an empty bucket; the variables of the environment that lead to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        ).create_bucket(Bucket=BUCKET)
        yield environment
    finally:
        server.stop()
