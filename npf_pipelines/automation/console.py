"""The log of a run in a terminal: sentences, without Dagster's own events.

Not here: the whole log, which the UI shows.
"""

import logging

import dagster as dg
from rich.console import Console
from rich.logging import RichHandler

from npf_pipelines.domain.text import clean_text


@dg.logger(config_schema={"log_level": dg.Field(str, default_value="INFO")})
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """The logger of all jobs."""
    handler = RichHandler(console=Console(stderr=True), show_path=False, show_level=False, omit_repeated_times=False)
    handler.setFormatter(_Sentence())
    handler.addFilter(lambda record: _meta(record).get("dagster_event") is None)
    logger = logging.Logger("npf_pipelines", context.logger_config["log_level"])
    logger.addHandler(handler)
    return logger


class _Sentence(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return clean_text(str(_meta(record).get("orig_message") or record.getMessage()))


def _meta(record: logging.LogRecord) -> dict[str, object]:
    return getattr(record, "dagster_meta", {})
