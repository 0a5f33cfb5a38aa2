"""Tests of npf_pipelines.reconcile."""
