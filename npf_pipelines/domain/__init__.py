"""Plain types of orders, shipments and stock, and their outcomes. No I/O."""
