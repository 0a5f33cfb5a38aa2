"""The NPF side: the tables of the contract and the gateway that reads and writes them.

Never Dagster, never the store.
"""
