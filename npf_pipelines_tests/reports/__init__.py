"""Tests of npf_pipelines.reports."""
