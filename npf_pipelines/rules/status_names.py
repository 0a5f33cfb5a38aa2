"""The letters of the statuses that a master setup names, and all its names that the store doesn't have.

Not here: the letter of one name (domain/order_statuses.py), what a status means (status_meaning.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.near_names import nearest_name
from npf_pipelines.domain.order_statuses import Status, UnknownStatus, status_letter


@dataclass(frozen=True)
class NamedStatuses:
    """The statuses that a setup names.

    Attributes:
        letters: by field, the names as written by the store's letter.
        unknown: a sentence for each name that means no status of the store, or several, with its field.
    """

    letters: Mapping[str, Mapping[str, str]]
    unknown: Sequence[str]


def named_statuses(setup: MasterSetup, statuses: Sequence[Status]) -> NamedStatuses:
    """Resolve the names of a master setup against its store's statuses."""
    letters: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    for field, names in setup.status_names.items():
        letters[field] = {}
        for name in names:
            try:
                letters[field][status_letter(name, statuses)] = name
            except UnknownStatus as error:
                near = nearest_name(name, [status.name for status in statuses])
                unknown.append(f"{field}: {error.problem}" + (f" (did you mean {near}?)" if near else ""))
    return NamedStatuses(letters, unknown)
