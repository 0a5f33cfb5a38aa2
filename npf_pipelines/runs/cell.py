"""A cell: a code location with clients of its own, beside others in one Dagster.

Partition set, asset keys and a tag of the runs carry the cell's name. Jobs, sensors and schedules have the same names
in every cell: Dagster distinguishes them by code location. Without a cell no name changes.
Not here: the folders and databases of a cell (config/settings.py), moving a client to another cell
(automation/move.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from npf_pipelines.domain.text import one_line
from npf_pipelines.errors import NpfError

if TYPE_CHECKING:  # Importing Dagster takes a second, and most commands of `npf` do without it.
    import dagster as dg

MOST_CLIENTS = 250
"""A year of client-days of so many clients stays within the 100,000 partitions of an asset that Dagster advises."""
CELL_TAG = "npf/cell"
_CELLS = "npf_cells"
"""The partition set of the names of all cells in this Dagster, but for clients without a cell."""
_CLIENTS = "clients"


class InTwoCells(NpfError):
    """A client is in another cell of this Dagster already; the text says in which."""


class OfAnotherCell(NpfError):
    """A process got a run, a lake or a state of another cell; the text names both and what to do."""


@dataclass(frozen=True)
class Cell:
    """A cell by its name; empty for a code location without a cell."""

    name: str = ""

    @property
    def label(self) -> str:
        """The cell in a sentence."""
        return f"the cell {self.name}" if self.name else "the code location without a cell"

    @property
    def clients(self) -> "dg.DynamicPartitionsDefinition":
        """The set of the cell's clients, kept in step with the master setups by `register`."""
        import dagster as dg  # noqa: PLC0415 - takes a second

        return dg.DynamicPartitionsDefinition(name=self._set)

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the cell's jobs."""
        return {CELL_TAG: self.name} if self.name else {}

    def key(self, asset: str) -> "dg.AssetKey":
        """The key of an asset, by its name."""
        import dagster as dg  # noqa: PLC0415 - takes a second

        return dg.AssetKey([*self._prefix, asset])

    def has_key(self, key: "dg.AssetKey") -> bool:
        """Whether an asset is of this cell."""
        return tuple(key.path[:-1]) == self._prefix

    @classmethod
    def of_run(cls, run: "dg.DagsterRun") -> "Cell":
        """The cell of a run. A run that the UI launched over assets has no tag: their keys decide, all of one cell."""
        keys = run.asset_selection or {check.asset_key for check in run.asset_check_selection or ()}
        prefix = next((key.path[0] for key in keys if len(key.path) > 1), "")
        return cls(run.tags.get(CELL_TAG) or prefix)

    def has_run(self, run: "dg.DagsterRun") -> bool:
        """Whether a run is of this cell."""
        return Cell.of_run(run) == self

    def check_run(self, other: "Cell") -> None:
        """Raise an error if the definitions are being loaded for a run that another cell's code server launched.

        This process has its own cell's clients, tables and databases.

        Args:
            other: the cell of the code server.

        Raises:
            OfAnotherCell: they are.
        """
        if other != self:
            raise OfAnotherCell(
                f"the run is of {other.label} and this process is of {self.label}, so nothing was done: give the "
                f"workers of {other.label} its settings and its queue (docs/deployment.md, Cells on workers), then "
                "launch the run again"
            )

    def check_owner(self, what: str, setting: str, owner: str | None) -> None:
        """Raise an error if the lake or the state belongs to another cell: each one's jobs take it for all its own.

        Args:
            what: the lake or the state.
            setting: the environment variable that names it.
            owner: the name of the cell that it is marked with; None without a mark.

        Raises:
            OfAnotherCell: it does.
        """
        if owner is not None and owner != self.name:
            raise OfAnotherCell(
                f"the {what} that {setting} names belongs to {Cell(one_line(owner, 30)).label}, and these settings are "
                f"of {self.label}: set {setting} to a {what} of its own, for each cell has its own lake and state "
                "(docs/deployment.md, Cells)"
            )

    def registered(self, instance: "dg.DagsterInstance") -> Sequence[str]:
        """The clients that are partitions, in their order."""
        return instance.get_dynamic_partitions(self._set)

    def register(self, instance: "dg.DagsterInstance", clients: Iterable[str]) -> list[str]:
        """Make each client a partition, and the cell known to the others. No client is ever removed here.

        Returns:
            The clients that were no partition before.

        Raises:
            InTwoCells: another cell has one of the new clients; none is registered.
        """
        if self.name and not instance.has_dynamic_partition(_CELLS, self.name):
            instance.add_dynamic_partitions(_CELLS, [self.name])
        new = sorted(set(clients) - set(self.registered(instance)))
        if new:
            self.check_nowhere_else(instance, new)
            instance.add_dynamic_partitions(self._set, new)
        return new

    def forget(self, instance: "dg.DagsterInstance", client: str) -> None:
        """Make a client no partition any more."""
        if instance.has_dynamic_partition(self._set, client):
            instance.delete_dynamic_partition(self._set, client)

    def elsewhere(self, instance: "dg.DagsterInstance", clients: Iterable[str]) -> Mapping[str, str]:
        """A sentence about each of these clients that another cell of this Dagster has."""
        sought, found = set(clients), dict[str, str]()
        for other in (Cell(), *map(Cell, instance.get_dynamic_partitions(_CELLS))):
            if other != self:
                sentence = f"is in {other.label}, too: nothing runs for it in {self.label}"
                found |= {each: f"{each} {sentence}" for each in sought.intersection(other.registered(instance))}
        return found

    def check_nowhere_else(self, instance: "dg.DagsterInstance", clients: Iterable[str]) -> None:
        """Raise an error if another cell has one of the clients.

        Raises:
            InTwoCells: it has.
        """
        if found := self.elsewhere(instance, clients):
            raise InTwoCells("; ".join(found[client] for client in sorted(found)))

    def too_many(self, clients: int) -> str:
        """A warning if the cell has more clients than Dagster bears well; otherwise empty."""
        if clients <= MOST_CLIENTS:
            return ""
        return (
            f"{clients} clients are more than the {MOST_CLIENTS} of a cell: Dagster advises at most 100,000 partitions "
            "of an asset. Put the others into another cell (docs/deployment.md, Cells)"
        )

    @property
    def _set(self) -> str:
        return f"{_CLIENTS}_{self.name}" if self.name else _CLIENTS

    @property
    def _prefix(self) -> tuple[str, ...]:
        return (self.name,) if self.name else ()
