"""Orders, tracking and stock between CS-Cart stores and the NPFulfilment warehouse."""

import atexit
import gc

# Python's usual thresholds cost a quarter of a process's start and of a large run: imports and rows are very many
# objects, and next to none of them are cycles.
gc.set_threshold(50_000, 20, 20)
# The collection at a process's end takes 0.2 s, and frees only what ends with the process.
atexit.register(gc.disable)
