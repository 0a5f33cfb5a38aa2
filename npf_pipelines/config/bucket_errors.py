"""Failures of a bucket as one kind of error, as a disk's are: an OSError that names the file.

Each storage has errors of its own for a server that can't be reached, and some are no OSError.
Not here: the requests (place_files.py, setup_texts.py, lake/bucket.py).
"""

import contextlib
import errno
from collections.abc import Iterator


@contextlib.contextmanager
def bucket_errors(url: str) -> Iterator[None]:
    """Raise what a storage raises as an OSError.

    Args:
        url: of the file or folder, for the error.

    Raises:
        FileNotFoundError: there is no such file; but for a missing bucket, which is a failure.
        OSError: any other failure.
    """
    try:
        yield
    except Exception as error:
        code, words = _reason(error)
        if isinstance(error, FileNotFoundError) and code != "NoSuchBucket":
            raise
        number = getattr(error, "errno", None) or errno.EIO
        raise OSError(number, words, url) from error


def _reason(error: Exception) -> tuple[str, str]:
    """S3's word for the reason, and a sentence's part for people. Neither holds a key or a signature."""
    answer = getattr(error.__cause__ or error, "response", None)
    details = answer.get("Error", {}) if isinstance(answer, dict) else {}
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    if code:
        return code, f"the bucket refuses ({code}{f': {message}' if message and message != code else ''})"
    return "", f"the bucket can't be reached ({str(error).partition(chr(10))[0] or type(error).__name__})"
