"""Why a client is paused: by its master setup, or by a person at the command line.

Not here: the pauses of the command line (state/pauses.py).
"""

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.state.pauses import Pauses


def why_paused(setup: MasterSetup, pauses: Pauses) -> str:
    """The reason, beginning with "paused"; empty if the client isn't paused."""
    if setup.paused:
        return "paused in its master setup"
    pause = pauses.of(setup.id)
    return pause.words if pause else ""
