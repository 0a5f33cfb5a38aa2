"""Tests of the NPF side, on real databases."""
