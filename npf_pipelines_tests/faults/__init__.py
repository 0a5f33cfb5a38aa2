"""The fault campaign: the tracking push against a store that breaks, by a process that is killed, again and again.

`python -m npf_pipelines_tests.faults` runs the long form, test_campaign.py the short one.
"""
