"""`caseyos chaos`: the command line of the harness."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.environment import REAL, SHORT
from tests.chaos.people import PATIENCE_S
from tests.chaos.run import known_points, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="caseyos chaos", description=__doc__)
    parser.add_argument("--points", action="store_true", help="list the points at which a process is killed, and end")
    parser.add_argument(
        "--record", action="store_true", help="play the story without kills and print the points it passes"
    )
    parser.add_argument("--faults", action="store_true", help="with --record: lose answers as well")
    parser.add_argument("--each", action="store_true", help="die once at every point")
    parser.add_argument("--part", default="1/1", metavar="K/N", help="with --each: every Nth point, from the Kth on")
    parser.add_argument("--executions", type=int, default=200, metavar="N", help="stories with kills at random times")
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    parser.add_argument("--real-horizons", action="store_true", help="the shipped hold and horizons; takes long")
    parser.add_argument("--json", action="store_true", help="nothing but the report")
    chosen = parser.parse_args()
    if chosen.points:
        print("\n".join(known_points()))
        return 0
    seed = chosen.seed if chosen.seed is not None else random.randrange(1_000_000)
    waits = REAL if chosen.real_horizons else SHORT
    with tempfile.TemporaryDirectory(prefix="caseyos-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if chosen.record:
            report = play(folder, executions=28 if not chosen.faults else 98, waits=waits, faults=chosen.faults)
            print("\n".join(sorted(report.passed)))
            return 0 if report.verdict.clean else 1
        if chosen.each:
            part, parts = map(int, chosen.part.split("/"))
            report = play(folder, points=known_points()[part - 1 :: parts], waits=waits)
        else:
            patience_s = 600 if chosen.real_horizons else PATIENCE_S
            report = play(folder, executions=chosen.executions, seed=seed, waits=waits, patience_s=patience_s)
    if not chosen.json:
        for kind in ("lost", "doubled", "unexplained"):
            for line in getattr(report.verdict, kind):
                print(f"{kind}: {line}", file=sys.stderr)
    print(json.dumps(report.as_json(seed)))
    return 0 if report.verdict.clean and not report.never_met else 1


if __name__ == "__main__":
    sys.exit(main())
