"""One file for each version of the state's tables."""
