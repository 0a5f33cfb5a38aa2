"""The warehouse's despatch code of an order, by the client's map of shipping methods.

Not here: the map in the master setup (config/master_setup.py), the other rules of import (orders.py), what an edit
does to an imported order's code (despatch_updates.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.config.setup_fields import REST, method_key
from npf_pipelines.domain.store_orders import PICK_UP, ShippingMethod
from npf_pipelines.domain.text import one_line

NO_DESPATCH_COLUMN = (
    "the platform's table orders has no column despatch_method: let NPF add it, or take the map out of the master setup"
)
"""Why a client's map is refused."""
MAP_FIELD = "orders.shipping_methods"
"""The field of the master setup: every `NoDespatchCode` names it."""
_LONGEST = 60


class NoDespatchCode(ValueError):
    """An order without a despatch code, or with several; the text says why, and what to do."""


@dataclass(frozen=True)
class DespatchMap:
    """A client's despatch codes by shipping method.

    Attributes:
        codes: by id, by name in any letter case, or under `*` for all other methods.
    """

    codes: Mapping[str, str]

    def code_of(self, methods: Sequence[ShippingMethod]) -> str:
        """The code of an order with these shipping methods; a pick-up beside others doesn't count.

        Raises:
            NoDespatchCode: a method has none, or the methods have different ones and none for them together.
        """
        methods = [method for method in methods if method.module != PICK_UP] or methods
        codes = [self.code(method.shipping_id, method.name) for method in methods] or [self._rest()]
        together = method_names(methods)
        code = self._find(together) if len(methods) > 1 else codes[0]
        if code is None and len(set(codes)) == 1:
            code = codes[0]
        if code is not None:
            return code
        if None in codes:
            raise NoDespatchCode(self._unmapped(methods))
        raise NoDespatchCode(
            f"its shipping methods have different despatch codes ({', '.join(sorted(filter(None, set(codes))))}): map "
            f'them together under {MAP_FIELD}, as "{one_line(together, _LONGEST)}"'
        )

    def code(self, shipping_id: str | None, name: str) -> str | None:
        """A method's code; None if it has none. An id takes precedence over a name, which several may have."""
        return (self._find(shipping_id) if shipping_id else None) or self._find(name) or self._rest()

    def unknown(self, methods: Mapping[str, str]) -> list[str]:
        """The keys that name no method of the store.

        Args:
            methods: the names of the store's methods by id.
        """
        known = {method_key(text) for method in methods.items() for text in method} | {REST}
        # A combination of methods is a key, too.
        return [key for key in self.codes if not {method_key(part) for part in (key, *key.split(", "))} & known]

    def _find(self, written: str) -> str | None:
        method = method_key(written)
        return next((code for key, code in self.codes.items() if method_key(key) == method), None) if method else None

    def _rest(self) -> str | None:
        return self.codes.get(REST)

    def _unmapped(self, methods: Sequence[ShippingMethod]) -> str:
        if not methods:
            return f'the store names no shipping method, and {MAP_FIELD} has no "{REST}" for the rest'
        without = (method for method in methods if self.code(method.shipping_id, method.name) is None)
        named = (
            (one_line(method.name, _LONGEST) or "without a name")
            + (f" ({method.shipping_id})" if method.shipping_id else "")
            for method in without
        )
        return f"no despatch code for the shipping method {', '.join(named)}: map it under {MAP_FIELD}"


def method_names(methods: Sequence[ShippingMethod]) -> str:
    """The methods of an order as one text."""
    return ", ".join(method.name for method in methods)
