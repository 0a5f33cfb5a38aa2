"""The texts of the commands of clients that are longer than a few lines: a new setup, the merchant's steps.

Not here: the templates, a file for each text.
"""

from typing import Any

import jinja2
import yaml

from npf_pipelines.domain.text import one_line

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("npf_pipelines.cli.client"),
    autoescape=jinja2.select_autoescape(["html"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: Any) -> str:
    """The text of a template. In HTML every value is escaped."""
    return _TEMPLATES.get_template(template).render(**values)


def _as_yaml(value: Any) -> str:
    """A text or a list as YAML on one line, quoted where it would be read as something else."""
    if isinstance(value, str):
        value = one_line(value)
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"), explicit_end=False)
        .removesuffix("\n...\n")
        .strip()
    )


_TEMPLATES.filters["yaml"] = _as_yaml
