"""The settings of the Celery workers. `dagster_celery.app` imports this module, whose folder is on PYTHONPATH."""

import os

from pydantic import ValidationError

from npf_pipelines.config.settings import Settings
from npf_pipelines.config.several_machines import NotShared, check_shared
from npf_pipelines.runs.machine_failures import machine_failure

# A worker that would work alone takes no run: its orders would be imported where nobody sees them.
try:
    check_shared(Settings())
except NotShared as error:
    raise SystemExit(str(error)) from None
except ValidationError as error:
    raise SystemExit(machine_failure(error)) from None

broker_url = result_backend = os.environ["REDIS_URL"]
# Redis gives a task to another worker if nobody has taken it up for so long: longer than the longest run, a backfill.
broker_transport_options = {"visibility_timeout": 7 * 24 * 3600}
# Dagster ends a run in progress whose state is no longer in Redis, where Celery keeps it for a day by default.
result_expires = 7 * 24 * 3600
broker_connection_retry_on_startup = True
# A worker takes a run when it can begin it. Others would wait for a busy worker, and be lost for a while with it.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True
# Each run in a new process, as on one machine.
worker_max_tasks_per_child = 1
# Dagster keeps what a run prints only from real streams: Celery would put its own logger in their place.
worker_redirect_stdouts = False
