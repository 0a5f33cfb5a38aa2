"""Orders, tracking and stock between CS-Cart stores and the NPFulfilment warehouse."""
