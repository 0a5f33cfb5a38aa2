"""A pretend CS-Cart store and a pretend warehouse floor, for the demo and the tests.

Built from documented behaviour, quirks included; nothing but the command line and the tests imports it.
"""
