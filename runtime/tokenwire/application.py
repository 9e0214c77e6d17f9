"""The way from a generated service to the application that serves it."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from .missing import missing_library

if TYPE_CHECKING:
    from .method import Service

__all__ = ["GROUP", "find_application", "main"]

GROUP = "tokenwire.services"
"""Entry points named after services; each is a function that takes the command line."""


def find_application(service: str = "") -> EntryPoint:
    """The entry point of the application that serves a service; without a name, of the only one.

    Raises:
        LookupError: None is installed, or several and none was named.
    """
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if service in installed:
        return installed[service]
    if not service and len(installed) == 1:
        return next(iter(installed.values()))
    names = ", ".join(sorted(installed)) or "nothing"
    wanted = f"serves {service}" if service else "was named"
    raise LookupError(f"no application {wanted}; entry point group {GROUP} has {names}")


def main(service: Service) -> None:
    """Run the application that serves `service` with this process's command line, and exit."""
    try:
        application = find_application(service.name)
    except LookupError as error:
        sys.exit(f"error: {error}")
    try:
        sys.exit(application.load()(sys.argv[1:]))
    except ModuleNotFoundError as error:
        if message := missing_library(error):
            sys.exit(f"error: {message}")
        raise
