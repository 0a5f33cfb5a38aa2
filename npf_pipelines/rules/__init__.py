"""Decisions as plain functions of plain data.

No I/O, no Dagster, no clock.
"""
