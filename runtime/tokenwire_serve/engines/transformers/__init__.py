"""The engine `transformers`: any Hugging Face causal model, encoder or sequence classifier.

Two threads. The event loop admits requests and passes on what the model makes (`core`, `engine`).
The model's thread (`worker`) computes: `scheduler` keeps the batch, `runner` and `cache` run the
model, `sampling`, `grammar`, `logprobs` and `text` turn logits into tokens and tokens into deltas.
"""

from __future__ import annotations

import os

os.environ.setdefault("MKL_CBWR", "AUTO")  # before MKL is first used: sums in one order (see `runner`)

from .engine import TransformersEngine

__all__ = ["TransformersEngine"]
