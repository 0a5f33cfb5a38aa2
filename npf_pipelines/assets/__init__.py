"""The assets of the graph: one file for each family, thin: fetch, decide, write, report."""
