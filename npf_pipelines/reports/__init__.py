"""The pages for people: a report for each client, and an overview of all clients.

Self-contained HTML with charts inside, without scripts and external content. No personal data.
"""
