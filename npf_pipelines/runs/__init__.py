"""How a run works through its clients and records their partitions."""
