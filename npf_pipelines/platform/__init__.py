"""NPF's platform: the tables of the contract and the gateway that reads and writes them.

Never Dagster, the store or the pipeline's own tables.
"""
