"""Dagster's UI, clicked through in a browser."""
