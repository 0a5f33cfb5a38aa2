"""Tests of npf_pipelines.automation."""
