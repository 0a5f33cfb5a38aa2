"""Finds out whether a client is in trial.

Not here: what decides it (rules/client_mode.py).
"""

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.rules.client_mode import is_in_trial
from npf_pipelines.runs.services import Services
from npf_pipelines.state.client_stores import has_worked


def in_trial(setup: MasterSetup, services: Services) -> bool:
    """Whether the client is in trial. No database is opened for a setup with a `mode`.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    return is_in_trial(setup.mode, was_live=setup.mode is None and was_live(setup, services))


def was_live(setup: MasterSetup, services: Services) -> bool:
    """Whether the client was ever live: its runs have written to its store or imported its orders.

    The platform is asked only where the state knows nothing, say because it was lost. Orders of the client's other
    carts don't count: they have other numbers.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    return has_worked(services.state, setup.id) or services.platform.has_real_order(setup.id, setup.orders.prefix)
