"""The changes of master setups that the code server has seen: the sweeps take their clients at once.

Not here: the changes that end a pause after a failure (rules/flow_health.py).
"""

from datetime import UTC, datetime

from npf_pipelines.config.master_setup import MasterSetup


class SetupChanges:
    """The last change of each client's setup. A change from before the code server's start is not known."""

    def __init__(self) -> None:
        self._setups: dict[str, MasterSetup] = {}
        self._changed_at: dict[str, datetime] = {}

    def seen_at(self, setup: MasterSetup) -> datetime | None:
        """When the client's last change was seen; None if there was none.

        Args:
            setup: the client's setup as it is now.
        """
        before = self._setups.setdefault(setup.id, setup)
        if before != setup:
            self._setups[setup.id] = setup
            self._changed_at[setup.id] = datetime.now(UTC)
        return self._changed_at.get(setup.id)
