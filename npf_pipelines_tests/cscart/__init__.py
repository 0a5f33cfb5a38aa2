"""Tests of the store's client: against the sandbox where it behaves, against odd servers where it doesn't."""
