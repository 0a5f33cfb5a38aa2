"""Tests of npf_pipelines.domain."""
