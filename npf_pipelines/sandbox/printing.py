"""Values as PHP prints them: money, numbers, flags. Not here: how PHP reads values (php.py)."""


def money(cents: int) -> str:
    """Money with two decimals, as a string."""
    return f"{cents / 100:.2f}"


def amount(cents: int) -> int | float:
    """Money as PHP prints a number: whole ones without a point."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def yes(value: bool) -> str:
    """A flag as `Y` or `N`."""
    return "Y" if value else "N"
