"""Tests of the rules: plain data in, decisions out."""
