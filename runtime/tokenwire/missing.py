"""What to say where a library is missing that an extra of tokenwire installs."""

from __future__ import annotations

from typing import Final

__all__ = ["EXTRAS", "missing_library"]

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


def missing_library(error: ModuleNotFoundError) -> str:
    """The sentence for whoever has to install it; "" if the module is our own, which is a fault of ours."""
    if error.name is None or error.name.startswith("tokenwire"):
        return ""
    name = error.name.partition(".")[0]
    needed = f"tokenwire[{EXTRAS[name]}]" if name in EXTRAS else name
    return f"{name} is missing: pip install '{needed}'"
