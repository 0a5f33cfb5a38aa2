"""Tests of the assets' parts that can be tried without Dagster."""
