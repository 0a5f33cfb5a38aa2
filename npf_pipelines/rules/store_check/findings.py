"""All findings about a client's store, in the order of the report.

Not here: each judgement (the modules beside this one).
"""

from datetime import datetime

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.store_answers import StoreAnswers, Why
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.rules.store_check.access import access_findings
from npf_pipelines.rules.store_check.capabilities import capability_findings
from npf_pipelines.rules.store_check.orders import order_findings
from npf_pipelines.rules.store_check.products import product_findings
from npf_pipelines.rules.store_check.statuses import status_findings

_ENDS = {Why.UNREACHABLE, Why.UNAUTHORIZED}


def findings(setup: MasterSetup, answers: StoreAnswers, now: datetime) -> list[Finding]:
    """The findings; only those about access where the store answered no API call.

    Args:
        setup: the client's master setup.
        answers: the store's and the platform's.
        now: the present time.
    """
    found = [*access_findings(setup, answers, now)]
    if answers.access is None or answers.access.why not in _ENDS:
        found += capability_findings(setup, answers)
        found += status_findings(setup, answers)
        found += order_findings(setup, answers)
        found += product_findings(setup, answers)
    return found
