"""A copy of the product with a patch applied: how it is shown that the harness sees a fault."""

import shutil
import subprocess
from pathlib import Path

from tests.chaos.victim import ROOT

PATCHES = ROOT / "tests" / "chaos" / "patches"
PACKAGES = ("bot", "core", "integrations", "migrations")


def copy_of_the_product(tree: Path, patch: Path | None = None) -> Path:
    """The packages, in the folder `tree`; with the patch applied if there is one."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    if patch is not None:
        command = ["git", "apply", "--unsafe-paths", "-C1", f"--directory={tree}", str(patch)]
        subprocess.run(command, check=True, cwd=tree)
    return tree
