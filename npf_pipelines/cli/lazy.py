"""A group of commands each of whose files is imported only when its command is called.

Imports take most of the time of a short command; a command that runs a flow imports for seconds.
Not here: the commands and where they are (__init__.py of this package and of client/).
"""

import pkgutil
from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and place only.

    Attributes:
        places: `module:attribute` of each command's function, or of the Typer of a group, by the command's name; in
            the order of the help.
    """

    places: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of all commands; none is imported."""
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command; None for a name that none has. All are imported then, to suggest one that is alike."""
        for name in [cmd_name] if cmd_name in self.places else self.places:
            if name not in self.commands:
                self.add_command(_command(name, self.places[name]), name)
        return super().get_command(ctx, cmd_name)


def _command(name: str, place: str) -> Any:
    found, around = pkgutil.resolve_name(place), typer.Typer()
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return typer.main.get_group(around).commands[name]
