"""What engine `sglang` is made of; nothing here imports sglang, `engines/sglang.py` alone does."""
