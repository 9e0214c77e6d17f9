"""Generated packages, one per proto package; `make gen` writes them."""
