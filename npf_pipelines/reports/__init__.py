"""The pages that a person would rather look at than read: a report for each client, and one overview over all.

Self-contained HTML with charts inside, without script and without anything from outside. No personal data.
"""
