"""The assets: one thin file for each flow (orders, shipments, stock, reports), and what the flows share."""
