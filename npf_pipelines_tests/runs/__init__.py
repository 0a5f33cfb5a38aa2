"""Tests of npf_pipelines.runs."""
