"""Tests of npf_pipelines.lake."""
