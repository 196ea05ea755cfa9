"""`caseyos chaos`: the command line of the harness."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.environment import REAL, SHORT
from tests.chaos.run import known_points, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="caseyos chaos", description=__doc__)
    parser.add_argument("--points", action="store_true", help="list the points at which a process is killed, and end")
    parser.add_argument(
        "--record", action="store_true", help="play the story without kills and print the points it passes"
    )
    parser.add_argument("--faults", action="store_true", help="with --record: lose answers as well")
    parser.add_argument("--each", action="store_true", help="die once at every point")
    parser.add_argument("--executions", type=int, default=200, metavar="N", help="stories with kills at random times")
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    parser.add_argument("--real-horizons", action="store_true", help="the shipped hold and horizons; takes long")
    parser.add_argument("--json", action="store_true", help="nothing but the report; the points as one JSON list")
    chosen = parser.parse_args()
    if chosen.points:
        print(json.dumps(known_points()) if chosen.json else "\n".join(known_points()))
        return 0
    seed = chosen.seed if chosen.seed is not None else random.randrange(1_000_000)
    waits = REAL if chosen.real_horizons else SHORT
    with tempfile.TemporaryDirectory(prefix="caseyos-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if chosen.record:
            report = play(folder, executions=33 if not chosen.faults else 121, waits=waits, faults=chosen.faults)
            print("\n".join(sorted(report.passed)))
            return 0 if report.clean else 1
        if chosen.each:
            report = play(folder, points=known_points(), waits=waits)
        else:
            real = {"waits": REAL, "patience_s": 900.0, "kill_within_s": 60.0} if chosen.real_horizons else {}
            report = play(folder, executions=chosen.executions, seed=seed, **real)
    if not chosen.json:
        for kind in ("lost", "doubled", "unexplained", "logged"):
            for line in getattr(report.verdict, kind):
                print(f"{kind}: {line}", file=sys.stderr)
    print(json.dumps(report.as_json(seed)))
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
