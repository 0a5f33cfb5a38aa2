"""The exit codes of `npf`. Not here: their use (failures.py and the commands); the page docs/reference/commands.md."""

FAILED = 1
"""A partition or a check failed, or something on the machine can't be used."""
LEASE_HELD = 3
"""Nothing failed, but another run is at work on a client, which was left alone."""
INTERRUPTED = 130
"""SIGINT ended the program, as shells have it: 128 and the signal's number."""
