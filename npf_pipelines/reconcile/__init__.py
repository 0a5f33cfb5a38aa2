"""Reconciliation: read, compare by the rules, write the difference, read back.

One file for each thing that is brought into agreement. Never Dagster, never the lake: what comes out is plain outcomes.
"""
