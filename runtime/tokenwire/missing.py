"""What to say where a library is missing that an extra of tokenwire installs."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution, requires
from typing import Final

__all__ = ["EXTRAS", "how_to_install", "missing_library"]

EXTRAS: Final = {
    "google": "codegen",
    "httptools": "serve",
    "jinja2": "codegen",
    "llguidance": "transformers",
    "numpy": "serve",
    "opentelemetry": "tracing",
    "prometheus_client": "serve",
    "safetensors": "transformers",
    "sglang": "sglang",
    "starlette": "serve",
    "torch": "transformers",
    "transformers": "transformers",
}
"""The extra that installs a module, by the module's first name."""

_REQUIREMENT: Final = re.compile(r"([\w.-]+)[^;]*")
_EXTRA: Final = re.compile(r"""\bextra *== *["']([\w-]+)["']""")


def missing_library(error: ModuleNotFoundError) -> str:
    """The sentence for whoever has to install it; "" if the module is our own, which is a fault of ours."""
    if error.name is None or error.name.startswith("tokenwire"):
        return ""
    name = error.name.partition(".")[0]
    how = how_to_install(EXTRAS[name]) if name in EXTRAS else f"pip install '{name}'"
    return f"{name} is missing: {how}"


def how_to_install(extra: str) -> str:
    """What installs an extra: the packages of it that are not there, by the metadata of this distribution.

    They are named one by one because tokenwire itself may come from a checkout or from a wheel.
    """
    needed = {found[0].strip(): found[1] for found in _packages(extra)}
    absent = [package for package, name in needed.items() if not _installed(name)]
    packages = " ".join(f"'{package}'" for package in absent or needed)
    return f"pip install {packages}, or tokenwire with its extra [{extra}]"


def _packages(extra: str) -> list[re.Match[str]]:
    """The requirements of an extra: each whole, and its name."""
    return [
        found
        for line in requires("tokenwire") or ()
        if (marker := _EXTRA.search(line)) and marker[1] == extra and (found := _REQUIREMENT.match(line))
    ]


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
