"""The fault campaign: a push against a store that breaks, by a process that is killed, again and again.

The faults (injector.py, proxy.py) and the lives of the process (lives.py, bare_client_run.py) are generic; what is
pushed, by which push, and what must be true in the end is in tracking_*.py and stock_*.py.
`python -m npf_pipelines_tests.faults` runs the long form of both.
"""
