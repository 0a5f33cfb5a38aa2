"""Asks the platform whether a client is in trial.

Not here: what decides it (rules/client_mode.py).
"""

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.rules.client_mode import is_in_trial


def in_trial(setup: MasterSetup, platform: Platform) -> bool:
    """Whether the client is in trial. Only for a setup without `mode` the platform is asked.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    has_real_order = setup.mode is None and platform.has_real_order(setup.id)
    return is_in_trial(setup.mode, has_real_order=has_real_order)
