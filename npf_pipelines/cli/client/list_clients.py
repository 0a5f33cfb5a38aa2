"""`npf client list`: every client in a line, also clients that are paused, have a wrong setup or have none.

Facts are read once for all clients, from the state's database; certificates from their files. Not here: what a line is
made of (client_line.py).
"""

from datetime import UTC, datetime

from npf_pipelines.cli.client.client_line import ClientLine, client_lines
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import AsCsv, AsJson, OutputFormat, Row, output_format, print_rows
from npf_pipelines.config.settings import Settings
from npf_pipelines.reports.issued_certificates import issued_certificate
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.health import read_health
from npf_pipelines.state.open_items import read_open_items
from npf_pipelines.state.pauses import read_pauses

_COLUMNS = [
    "client",
    "state",
    "certified",
    "orders_pulled",
    "tracking_pushed",
    "stock_pushed",
    "backlog",
    "manual_review",
    "drift",
    "alerts",
    "remark",
]


def list_clients(*, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List all clients: state, day of the certificate, last successful runs in UTC, open rows, alerts.

    `backlog` waits for the next run, `manual_review` for a person; `drift` counts the SKUs whose amount in the store
    was not the right one after the last push.
    """
    form = output_format(as_json=as_json, as_csv=as_csv)
    settings = Settings()
    services = Services(settings)
    with open_instance(settings) as instance:
        registered = services.cell.registered(instance)
    setups = services.setups()
    lines = client_lines(
        setups,
        registered,
        read_pauses(services.state),
        in_trial=[client for client, setup in setups.clients.items() if in_trial(setup, services)],
        certified={
            client: issued.day
            for client, setup in setups.clients.items()
            if (issued := issued_certificate(settings, setup)) and issued.is_certified
        },
        healths=read_health(services.state).values(),
        items=read_open_items(services.state),
        alerts=read_alerts(services.state).values(),
        now=datetime.now(UTC),
    )
    print_rows([_row(line, form) for line in lines], _COLUMNS, form)


def _row(line: ClientLine, form: OutputFormat) -> Row:
    row = vars(line)
    if form is not OutputFormat.TABLE:
        return row
    return {name: f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value for name, value in row.items()}
