"""The pipeline's own database: leases, flow health, open items, alerts, known stores and unknown ends.

Never Dagster, the platform's tables or the store.
"""
