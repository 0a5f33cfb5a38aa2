"""Stores that answer as badly as can be: the client against them byte by byte, and the good stores beside them."""
