"""The products of the store: codes shared with the warehouse, products without a code, test items, stock locations.

Not here: which amount a product gets (rules/stock.py), reading the products (reconcile/store_check.py).
"""

from collections.abc import Iterator

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_fields import REST
from npf_pipelines.domain.products import Product
from npf_pipelines.domain.store_answers import ProductsRead, StoreAnswers, Unanswered, WarehouseRead
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.domain.text import counted
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.store_check.lines import error, first_few, ok, unanswered, unknown, warning
from npf_pipelines.rules.store_check.sku_map import map_findings


def product_findings(setup: MasterSetup, answers: StoreAnswers) -> Iterator[Finding]:
    """The findings about products and SKUs."""
    read = answers.products
    if isinstance(read, Unanswered):
        yield unanswered("products", read)
        return
    yield ok("products", _extent(read))
    yield from _without_code(read)
    yield from _skus(read, answers.warehouse)
    yield from map_findings(answers)
    yield from _buffers(setup, read, answers.warehouse)
    yield _test_items(read)
    yield from _locations(setup, read)


def _extent(read: ProductsRead) -> str:
    if read.is_complete:
        return f"{counted(read.total, 'product')}, all read."
    why = " before the time was over" if read.is_cut else ""
    left = f", {read.not_expanded} of them without their option combinations" if read.not_expanded else ""
    return f"{counted(read.total, 'product')}; the first {read.rows} by code were read{why}{left}."


def _without_code(read: ProductsRead) -> Iterator[Finding]:
    ids = [product.key for product in read.products if not product.sku and not product.is_download]
    if ids:
        yield warning(
            "product codes",
            f"{counted(len(ids), 'product')} to ship without a product code: {first_few(ids)}.",
            "Give them codes in the store, the warehouse's SKUs: an order of one can't be picked "
            "(orders.lines_without_code).",
        )
    else:
        yield ok("product codes", "Every product to ship that was read has a code.")


def _skus(read: ProductsRead, warehouse: WarehouseRead | Unanswered) -> Iterator[Finding]:
    topic = "SKUs"
    if isinstance(warehouse, Unanswered):
        yield unanswered(topic, warehouse)
        return
    codes = {product.sku for product in read.products if product.sku and not product.is_download} - TEST_SKUS
    in_store = {part for sku in codes for part in warehouse.sku_map.parts_of(sku)}
    counted_there = set(warehouse.skus) - TEST_SKUS
    common, only_store, only_there = in_store & counted_there, in_store - counted_there, counted_there - in_store
    if not counted_there:
        todo = "Have the warehouse take the client's SKUs into its count."
        yield warning(topic, "The warehouse counts no SKU of the client.", todo)
        return
    said = f"{counted(len(common), 'SKU')} in both store and warehouse."
    if common:
        yield ok(topic, said)
    else:
        yield error(topic, said, "Compare the product codes with the warehouse's SKUs: letter case and blanks count.")
    if only_store:
        yield warning(
            topic,
            f"{len(only_store)} only in the store: {first_few(sorted(only_store))}.",
            "Have the warehouse take the SKUs that it ships into its count, or correct the codes.",
        )
    if only_there and read.is_complete:
        yield warning(
            topic,
            f"{len(only_there)} only in the warehouse: {first_few(sorted(only_there))}.",
            "Correct the codes in the store, or create the products there.",
        )
    elif only_there:
        yield unknown(topic, f"{len(only_there)} only in the warehouse, as far as the store's products were read.")


def _buffers(setup: MasterSetup, read: ProductsRead, warehouse: WarehouseRead | Unanswered) -> Iterator[Finding]:
    """Codes with a buffer of their own that neither store nor warehouse has."""
    topic, named = "buffers", setup.stock.buffer.keys() - {REST}
    if not named or isinstance(warehouse, Unanswered):
        return
    missing = sorted(named - {product.sku for product in read.products} - set(warehouse.skus))
    if not missing:
        yield ok(topic, "Store or warehouse has every code of stock.buffer.")
    elif read.is_complete:
        yield warning(
            topic,
            f"Neither store nor warehouse has {first_few(missing)}, which stock.buffer names.",
            "Correct the codes in stock.buffer: letter case and blanks count.",
        )
    else:
        yield unknown(topic, f"{first_few(missing)} of stock.buffer is not among the products that were read.")


def _test_items(read: ProductsRead) -> Finding:
    topic = "test items"
    codes = {product.sku for product in read.products} | read.test_codes
    missing = sorted(TEST_SKUS - codes)
    if not missing:
        return ok(topic, f"{', '.join(sorted(TEST_SKUS))} are in the store.")
    names = {sku.casefold() for sku in missing}
    like = sorted(code for code in codes - TEST_SKUS if "".join(code.split()).casefold() in names)
    spelled = f" It has {first_few(like)}: letter case and blanks count." if like else ""
    return warning(
        topic,
        f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in the store.{spelled}",
        "Create products with exactly these codes: the integration is certified with them.",
    )


def _locations(setup: MasterSetup, read: ProductsRead) -> Iterator[Finding]:
    topic, named = "stock locations", [str(place) for place in setup.stock.store_location]
    places = {
        place
        for product in read.products
        if isinstance(product, Product) and product.shares
        for place in product.shares
    }
    missing = [place for place in named if place not in places]
    shown = first_few(sorted(places, key=int)) if places else ""
    if setup.stock.quantity == "off":
        return
    if places and not named:
        yield error(
            topic,
            f"The store splits its stock over the locations {shown}, and stock.store_location names none: a push "
            "changes nothing.",
            "Write the id of the warehouse's location into stock.store_location.",
        )
    elif places and missing:
        yield error(
            topic,
            f"No product has stock at the location {first_few(missing)} of stock.store_location; there are {shown}.",
            "Write the id of the warehouse's location into stock.store_location.",
        )
    elif places:
        verb = "is" if len(named) == 1 else "are"
        yield ok(topic, f"The stock is split over the locations {shown}; {first_few(named)} {verb} the warehouse's.")
    elif named:
        yield unknown(topic, f"The store shows no stock by location, so that {first_few(named)} can't be compared.")
    else:
        yield ok(topic, "The store shows one stock.")
