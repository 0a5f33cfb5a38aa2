"""The assets of the graph: one file for each flow, thin: fetch, decide, write, report."""
