"""Tests of the entities of the pretend store's API."""
