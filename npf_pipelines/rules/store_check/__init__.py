"""The judgement on a client's store: from its answers to the findings of `npf client check`.

Pure decisions. Not here: asking the store (reconcile/store_check.py), the types (domain/).
"""
