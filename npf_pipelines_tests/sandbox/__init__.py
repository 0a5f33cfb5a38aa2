"""Tests of the pretend store: what it models of the real one is shown over HTTP."""
