"""The kinds of work, one file each; `registry.py` lists them."""
