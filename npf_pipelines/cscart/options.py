"""The options that the shopper chose for a line, as one text for the packer: "Size: L; Engraving: With love".

It may hold what the shopper typed: personal data. Nothing here refuses an order, and no message quotes anything.
Not here: the other fields of a line (order_parser.py).
"""

from collections.abc import Sequence

from npf_pipelines.cscart.fields import readable

_LONGEST = 10_000
"""Characters of one choice: far more than fits on a packing slip."""
_LARGEST = 10**15
"""Above it a number is none that a store counts, and Python may refuse to write it."""


def chosen_options(values: object, choices: object) -> str:
    """The options of a line; empty where nothing was chosen.

    Args:
        values: `extra.product_options_value`, a list of `{option_id, option_name, value, variant_name}` (documented):
            the variant's name, or for a text option what was typed.
        choices: `extra.product_options`, the variant's id or the text by option id (documented). Used for options
            that `values` doesn't have.
    """
    if not values and not choices:
        return ""
    named = [entry for entry in _each(values) if isinstance(entry, dict)]
    texts = [_named(entry) for entry in named]
    ids = {_text(entry.get("option_id")) for entry in named}
    if isinstance(choices, dict) and "" not in ids:
        others = ((_text(key), chosen) for key, chosen in choices.items())
        texts += [_labelled(f"Option {key}", chosen) for key, chosen in others if key not in ids]
    return "; ".join(filter(None, texts))


def _named(entry: dict[str, object]) -> str:
    name = _text(entry.get("option_name")) or "Option"
    return _labelled(name, entry.get("variant_name")) or _labelled(name, entry.get("value"))


def _labelled(name: str, chosen: object) -> str:
    # A choice of several variants, or of files, may be a list (inferred).
    said = ", ".join(filter(None, map(_text, _each(chosen) or [chosen])))
    return f"{name}: {said}" if said else ""


def _each(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """The text on one line; empty for what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return ""
    return " ".join(readable(str(value)[:_LONGEST]).split())
