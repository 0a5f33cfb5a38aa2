"""The pipeline's own database: leases, flow health, open items, alerts and unknown ends."""
