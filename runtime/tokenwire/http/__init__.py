"""HTTP over the same servicers: a core of plain values, and adapters to ASGI and to httpx."""
