"""`caseyos chaos`: the command line of the harness."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.cells import Cell, cells, play_cells, sample
from tests.chaos.environment import AS_SHIPPED, QUICK, REAL, SHORT
from tests.chaos.judge import Verdict
from tests.chaos.mixed import AT_ONCE, play_mixed
from tests.chaos.planted import copy_of_the_product
from tests.chaos.run import known_points, play
from tests.chaos.victim import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="caseyos chaos", description=__doc__)
    parser.add_argument("--points", action="store_true", help="list the points at which a process is killed, and end")
    parser.add_argument(
        "--record", action="store_true", help="play the story without kills and print the points it passes"
    )
    parser.add_argument("--faults", action="store_true", help="with --record: lose answers as well")
    parser.add_argument("--each", action="store_true", help="die once at every point")
    parser.add_argument(
        "--cells", action="store_true", help="every point of every step under every fault, 1 and 2 workers"
    )
    parser.add_argument("--sample", type=int, default=None, metavar="N", help="with --cells: only so many of them")
    parser.add_argument(
        "--executions",
        type=int,
        default=200,
        metavar="N",
        help="executions of a mixed run, which is what is played without another choice",
    )
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    parser.add_argument("--patch", type=Path, metavar="FILE", help="play against a copy of the product with this patch")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help="people who are at it at a time")
    parser.add_argument("--real-horizons", action="store_true", help="the shipped hold and horizons; takes long")
    parser.add_argument("--json", action="store_true", help="nothing but the report; the points as one JSON list")
    chosen = parser.parse_args()
    if chosen.points:
        print(json.dumps(known_points()) if chosen.json else "\n".join(known_points()))
        return 0
    seed = chosen.seed if chosen.seed is not None else random.randrange(1_000_000)
    waits = REAL if chosen.real_horizons else SHORT
    chosen_cells = cells(known_points()) if chosen.cells else []
    if chosen.sample is not None:
        chosen_cells = sample(chosen_cells, chosen.sample, seed)
    with tempfile.TemporaryDirectory(prefix="caseyos-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        tree = copy_of_the_product(folder / "tree", chosen.patch.resolve()) if chosen.patch else ROOT
        if chosen.record:
            report = play(folder, executions=60 if not chosen.faults else 180, waits=waits, faults=chosen.faults)
            print("\n".join(sorted(report.passed)))
            _say(report.verdict)
            return 0 if report.verdict.clean else 1
        if chosen.cells:
            return _cells(folder, chosen_cells, seed, tree)
        if chosen.each:
            report = play(folder, points=known_points(), waits=waits, tree=tree)
        else:
            return _mixed(folder, chosen, seed, tree)
    if not chosen.json:
        _say(report.verdict)
    print(json.dumps(report.as_json(seed)))
    return 0 if report.clean else 1


def _cells(folder: Path, chosen: list[Cell], seed: int, tree: Path) -> int:
    report = play_cells(folder, chosen, seed=seed, tree=tree)
    _say(report.verdict)
    print(json.dumps({**report.as_json(), "seed": seed}))
    return 0 if report.clean else 1


def _mixed(folder: Path, chosen: argparse.Namespace, seed: int, tree: Path) -> int:
    pace = AS_SHIPPED if chosen.real_horizons else QUICK
    report = play_mixed(folder, executions=chosen.executions, seed=seed, tree=tree, at_once=chosen.at_once, pace=pace)
    report.verdict.logged += report.logged
    if not chosen.json:
        _say(report.verdict)
    print(json.dumps(report.as_json()))
    return 0 if report.clean else 1


def _say(verdict: Verdict) -> None:
    """What was found, line by line, on standard error."""
    for kind in ("lost", "doubled", "unexplained", "asked", "logged"):
        for line in getattr(verdict, kind, ()):
            print(f"{kind}: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
