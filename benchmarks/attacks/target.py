"""Where attacks go: to this machine and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from benchmarks.errors import BenchError

__all__ = ["Target"]


@dataclass(frozen=True)
class Target:
    """A listener of this machine.

    Raises:
        BenchError: The address is not a loopback address; names are refused too, for they can lead anywhere.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        try:
            loopback = ip_address(self.host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise BenchError(
                f"attacks go to a loopback address such as 127.0.0.1 and nowhere else, not to {self.host}"
            )
