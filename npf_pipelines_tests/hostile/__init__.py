"""The store's client against a store that answers as badly as can be, byte by byte."""
