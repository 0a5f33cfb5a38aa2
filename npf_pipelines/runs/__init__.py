"""A run: its scope, the loop over its clients, the writing of partitions and their status in Dagster."""
