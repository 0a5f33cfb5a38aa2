"""The CS-Cart store: its HTTP interface and what it does with orders, statuses, shipments and amounts.

Only facts about the store live here; never Dagster, never the lake.
"""
