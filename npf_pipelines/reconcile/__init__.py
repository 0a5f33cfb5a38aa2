"""Reconciliation with a store: read, compare by the rules, write the difference, read back.

One file for each thing that is pushed. Never Dagster, never the lake: what comes out is plain outcomes.
"""
