"""Tests of npf_pipelines.state."""
