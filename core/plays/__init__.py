"""What a signal may propose, one file each; `core/playbook.py` lists them."""
