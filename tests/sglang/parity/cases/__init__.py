"""What both servers are asked, in this order: tables of cases, one module per family."""

from itertools import chain
from operator import attrgetter

from . import control, generation, information, openai, routes
from .case import Case

__all__ = ["CASES", "Case"]

TABLES = (information.CASES, generation.CASES, openai.CASES, routes.CASES, control.CASES)
# What a server may not survive comes last.
CASES: tuple[Case, ...] = tuple(sorted(chain(*TABLES), key=attrgetter("deadly")))
