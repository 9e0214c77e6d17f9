"""`tokenwire` where torch takes pinned memory for plain memory; run as a module.

SGLang's LoRA pins memory on a CPU too, which torch refuses without an accelerator. SGLang's processes import
this module as their main one, so it holds there as well.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import torch
from tokenwire.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable


def unpinned(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def made(*args: Any, pin_memory: bool = False, **kwargs: Any) -> Any:
        return make(*args, **kwargs)

    return made


for name in ("arange", "empty", "ones", "tensor", "zeros"):
    setattr(torch, name, unpinned(getattr(torch, name)))
torch.Tensor.pin_memory = lambda self, device=None: self  # type: ignore[assignment,method-assign]

if __name__ == "__main__":
    main(prog_name="tokenwire")
