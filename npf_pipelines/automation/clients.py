"""The sensor that makes every client with a master setup a partition, without a manual step.

A client is never taken away: a file that is missing or can't be read deletes nothing.
"""

import dagster as dg

from npf_pipelines.house import House
from npf_pipelines.master_setup import SetupError
from npf_pipelines.partitions import client_days, lacks_days, register_clients

_OLD_DAYS = (
    "; the UI doesn't offer all days of all clients: start the code server again. What runs by itself takes them all "
    "the same"
)


def clients_sensor(house: House, partitions: dg.MultiPartitionsDefinition) -> dg.SensorDefinition:
    """Registers new clients every minute.

    Args:
        house: where the master setups are.
        partitions: clients and days as the definitions were loaded, which a new client may have more of.
    """

    @dg.sensor(
        name="clients_sensor",
        description="Registers the clients of the master setups as partitions, and tells which setups are wrong.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def clients(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            setups = house.setups()
        except SetupError as error:
            return dg.SkipReason(str(error))
        for wrong_setup in setups.errors:
            context.log.error(wrong_setup)
        new = register_clients(context.instance, setups.clients)
        paused = [setup.id for setup in setups.clients.values() if setup.paused]
        asleep = f"; paused: {', '.join(paused)}" if paused else ""
        wrong = f"; wrong setups: {'; '.join(setups.errors)}" if setups.errors else ""
        days = _OLD_DAYS if lacks_days(partitions, client_days(setups)) else ""
        return dg.SkipReason(f"registered: {', '.join(new) or 'nothing new'}{asleep}{wrong}{days}")

    return clients
