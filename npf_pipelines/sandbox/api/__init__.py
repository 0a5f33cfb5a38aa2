"""The store's API: one module for each of its entities, each reading a call and giving an answer.

No HTTP server here (app.py), and no state (store.py).
"""
