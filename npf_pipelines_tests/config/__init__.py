"""Tests of npf_pipelines.config."""
