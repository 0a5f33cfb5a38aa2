"""The lake: Parquet files by partition, read through DuckDB. Never HTTP."""
