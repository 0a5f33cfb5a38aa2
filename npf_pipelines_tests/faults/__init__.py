"""The fault campaign: a push against a store that breaks, by a process that is killed, again and again.

Generic are the faults (injector.py, proxy.py) and the lives under them (lives.py, bare_walk.py); what is pushed, by
whom, and what must be true in the end are tracking_*.py and stock_*.py. `python -m npf_pipelines_tests.faults` runs
the long form of both.
"""
