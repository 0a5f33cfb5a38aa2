"""The services that the reports' server reads from, as far as the reports know them.

Not here: the pages (live.py), the figures (metrics.py).
"""

from typing import Protocol

import sqlalchemy as sa

from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.lake.lake import Lake


class Sources(Protocol):
    """Where the pages' facts and the figures are."""

    def setups(self) -> MasterSetups:
        """The master setups as they are now; raises SetupError."""

    @property
    def lake(self) -> Lake:
        """The lake."""

    @property
    def state(self) -> sa.Engine:
        """The pipeline's own database; raises DatabaseUnusable."""
