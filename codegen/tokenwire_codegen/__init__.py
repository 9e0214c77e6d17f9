"""The generator: descriptors of a schema to Python modules, through a frozen model and templates."""

__all__ = ["__version__"]

__version__ = "0.1.0"
