"""The master setups: one YAML file for each client, its loading, and a sentence for each error in it.

Not here: the fields of a setup (master_setup.py), how the files are read (setup_texts.py), the folder of removed setups
(removed_setups.py).
"""

import contextlib
import functools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.near_names import nearest_name
from npf_pipelines.config.places import Place
from npf_pipelines.config.removed_setups import archived_setups
from npf_pipelines.config.setup_names import meant_field
from npf_pipelines.config.setup_texts import SetupText, setup_texts
from npf_pipelines.config.store_address import comparable_address, do_overlap, store_scopes

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every scalar stays text: YAML itself would read the country NO as false and the prefix 007 as 7.

In C where there is one: sensors read all setups every half minute.
"""
_CHOICE = re.compile("'([^']*)'")
"""A choice as pydantic names it among the expected ones."""


@dataclass(frozen=True)
class MasterSetups:
    """The master setups of a folder: the valid ones by client id, and each error of the others."""

    clients: Mapping[str, MasterSetup] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """The names of the files, by client id."""
    folder: Place | None = field(default=None, compare=False)
    """Where they were read."""

    def __getitem__(self, client: str) -> MasterSetup:
        """The client's setup.

        Raises:
            SetupError: there is no valid one; with the errors found, for one of them may be the reason.
        """
        try:
            return self.clients[client]
        except KeyError:
            if self.folder and client in removed_clients(self.folder):
                archived = archived_setups(self.folder)[client]
                raise SetupError(
                    f"{client}: was removed: its setup is {archived} now. Its tables stay: npf sql, npf orders and npf"
                    " shipments read them"
                ) from None
            known = ", ".join(sorted(self.clients)) or "none"
            also = "".join(f"\n{error}" for error in self.errors)
            raise SetupError(f"{client}: no valid master setup (valid ones: {known}){also}") from None


def load_master_setups(folder: Place) -> MasterSetups:
    """Every `*.yaml` of the folder; a wrong one costs only its own client.

    Raises:
        SetupError: the folder can't be read. That is never the same as "no clients".
    """
    texts = setup_texts(folder)
    clients: dict[str, MasterSetup] = {}
    names: dict[str, str] = {}
    errors: list[str] = []
    for file in texts:
        try:
            setup = _load(file)
        except SetupError as error:
            errors.append(str(error))
            continue
        if setup.id in clients:
            errors.append(f"{file.path.name}: id: another file has the client {setup.id!r} already")
        else:
            clients[setup.id], names[setup.id] = setup, file.path.name
    for client, sentence in _sharing_a_store(clients, names):
        del clients[client]
        errors.append(sentence)
    return MasterSetups(clients, tuple(errors), names, folder)


def setup_file(folder: Place, client: str) -> Place:
    """The file of a client's master setup.

    Raises:
        SetupError: the folder can't be read, or no file of it has a setup of the client.
    """
    for file in setup_texts(folder):
        with contextlib.suppress(SetupError):
            if _load(file).id == client:
                return file.path
    raise SetupError(f"{client}: no file of {folder} has its master setup")


def any_setup_file(folder: Place, client: str) -> Place | None:
    """The file of a client's master setup: the valid one with its id, or else a wrong one with its name, or None.

    Raises:
        SetupError: the folder can't be read.
    """
    return _any_file(setup_texts(folder), client)


def removed_clients(folder: Place) -> set[str]:
    """The clients that were removed and have no file now.

    Raises:
        SetupError: the folder can't be read.
    """
    archived = archived_setups(folder)
    texts = setup_texts(folder) if archived else []
    return {client for client in archived if _any_file(texts, client) is None}


def _any_file(texts: Sequence[SetupText], client: str) -> Place | None:
    wrong: Place | None = None
    for file in texts:
        try:
            if _load(file).id == client:
                return file.path
        except SetupError:
            wrong = file.path if file.path.stem == client else wrong
    return wrong


def _sharing_a_store(clients: Mapping[str, MasterSetup], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The clients that may not share their store with another one, each with a sentence.

    Args:
        clients: the valid setups by client.
        names: the names of their files.
    """
    by_address: defaultdict[str, list[MasterSetup]] = defaultdict(list)
    for setup in clients.values():
        by_address[comparable_address(setup.store.url)].append(setup)
    found = []
    for sharing in by_address.values():
        for setup in sharing if len(sharing) > 1 else ():
            others = [other for other in sharing if other.id != setup.id]
            if doubling := [names[other.id] for other in others if _have_orders_in_common(setup, other)]:
                sentence = (
                    f"{names[setup.id]}: store.url: {' and '.join(doubling)} has the same store, and each would import "
                    "all of its orders: one store is one client, so keep one of the files, or give each its own "
                    "orders.storefronts or store.vendor"
                )
                found.append((setup.id, sentence))
            elif pushing := [names[other.id] for other in others if _have_amounts_in_common(setup, other)]:
                sentence = (
                    f"{names[setup.id]}: stock.quantity: {' and '.join(pushing)} pushes stock to the same store, too, "
                    "and its storefronts share the products: write off in all of these files but one"
                )
                found.append((setup.id, sentence))
    return found


def scopes_of(setup: MasterSetup) -> list[str]:
    """The parts of a store that are the client's (store_address.py)."""
    return store_scopes(setup.store.url, storefronts=setup.orders.storefronts, vendor=setup.store.vendor)


def _have_orders_in_common(one: MasterSetup, other: MasterSetup) -> bool:
    return any(do_overlap(scope, others) for scope in scopes_of(one) for others in scopes_of(other))


def _have_amounts_in_common(one: MasterSetup, other: MasterSetup) -> bool:
    """Whether both push stock to the same products: a vendor's products are its own, a storefront's aren't."""
    return not one.store.vendor and one.stock.quantity != "off" and other.stock.quantity != "off"


def _load(file: SetupText) -> MasterSetup:
    if file.problem:
        raise SetupError(f"{file.path.name}: can't be read: {file.problem}")
    return parse_setup(file.path.name, file.text)


@functools.lru_cache(maxsize=4096)
def parse_setup(name: str, text: str) -> MasterSetup:
    """A file's setup. Sensors and sweeps ask for all of them every few seconds: the same text is parsed once.

    Raises:
        SetupError: it is wrong; a line for each error, with file and field.
    """
    try:
        content = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        # The parser's own text quotes the line, which may hold a key pasted by mistake.
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SetupError(f"{name}: {where}is not YAML") from None
    try:
        return MasterSetup.model_validate(content)
    except ValidationError as error:
        lines = (f"{name}: {field}: {problem}" for field, problem in _problems(error))
        raise SetupError("\n".join(lines)) from None


def field_problems(content: object) -> Sequence[tuple[str, str]]:
    """The problems of a setup's content, by field; empty if it is valid.

    Args:
        content: as YAML gives it, every scalar as text.
    """
    try:
        MasterSetup.model_validate(content)
    except ValidationError as error:
        return _problems(error)
    return ()


def _problems(error: ValidationError) -> list[tuple[str, str]]:
    return [(_where(found["loc"]), _problem(found)) for found in error.errors()]


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location) or "the whole file"


def _problem(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            meant = meant_field(error["loc"])
            return "is not a field of a master setup" + (f": did you mean {meant}?" if meant else "")
        case "literal_error" if isinstance(error["input"], str):
            meant = nearest_name(error["input"], _CHOICE.findall(error["ctx"]["expected"]))
            return _not_accepted(error) + (f": did you mean {meant}?" if meant else "")
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return _not_accepted(error)


def _not_accepted(error: Any) -> str:
    # A list or a section in the wrong place may hold the key: only plain text is quoted.
    found = error["input"]
    return f"{error['msg']} (found {found[:60]!r})" if isinstance(found, str) else str(error["msg"])
