"""The amount that a store should offer of a code, by plain counting.

Not here: the figures, and all other differences (agreement.py).
"""

from collections.abc import Mapping

from npf_pipelines.config.master_setup import StockSetup


def expected_amount(code: str, parts: Mapping[str, int], figures: Mapping[str, int], setup: StockSetup) -> int:
    """The units of a store's code that the figures of its parts allow, less the buffer and within the maximum.

    Args:
        code: the store's.
        parts: units of each of the warehouse's codes in it.
        figures: the figures of the warehouse's codes.
        setup: the master setup's stock part.
    """
    is_own = code in setup.buffer
    units = min(
        (figures[part] - (0 if is_own else _kept_back(part, figures[part], setup))) // each
        for part, each in parts.items()
    )
    if is_own:
        units -= _kept_back(code, units, setup)
    if setup.negative_as_zero:
        units = max(0, units)
    return units if setup.maximum is None else min(units, setup.maximum)


def _kept_back(code: str, figure: int, setup: StockSetup) -> int:
    size = setup.buffer.get(code, setup.buffer.get("*", "0"))
    buffer = (figure * int(size[:-1]) + 99) // 100 if size.endswith("%") else int(size)
    return min(buffer, figure) if figure > 0 else 0
