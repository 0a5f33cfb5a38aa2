"""The latest check of each client's store.

Not here: the check itself (reconcile/store_check.py, rules/store_check/).
"""

from collections.abc import Mapping

import sqlalchemy as sa
from pydantic import TypeAdapter

from npf_pipelines.domain.store_check import Finding, StoreCheck
from npf_pipelines.state.tables import store_checks

_FINDINGS = TypeAdapter(tuple[Finding, ...])


def read_checks(engine: sa.Engine) -> Mapping[str, StoreCheck]:
    """The latest check of each client that was ever checked.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        rows = connection.execute(sa.select(store_checks).order_by(store_checks.c.client)).mappings().all()
    return {
        row["client"]: StoreCheck(
            row["client"], row["checked_at"], _FINDINGS.validate_json(row["findings"]), row["requests"]
        )
        for row in rows
    }


def keep_check(engine: sa.Engine, check: StoreCheck) -> None:
    """Write a check in place of the client's earlier one.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    row = {
        "client": check.client,
        "checked_at": check.checked_at,
        "findings": _FINDINGS.dump_json(tuple(check.findings)).decode(),
        "requests": check.requests,
    }
    with engine.begin() as connection:
        connection.execute(sa.delete(store_checks).where(store_checks.c.client == check.client))
        connection.execute(sa.insert(store_checks).values(row))
