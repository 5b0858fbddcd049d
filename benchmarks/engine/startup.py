"""What does a run over ten records cost? `python benchmarks/engine/startup.py` prints a table.

Beside a bare interpreter and the serial original; all in turn, medians and the best of many.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from catalogue import JOBS
from clock import Cost, middle, run
from sides import engine, original

_COMMAND = "import sys; from pymapr.cli import main; sys.exit(main())"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    args = parser.parse_args()
    job = str(JOBS["wordcount"][0])
    with tempfile.TemporaryDirectory(prefix="pymapr-bench-") as name:
        work = Path(name)
        source = work / "ten.json"
        source.write_text("".join(json.dumps([f"doc-{n}", "the quick brown fox"]) + "\n" for n in range(10)))
        command = ["-c", _COMMAND, "run", job, str(source), "--workers", "2", "--progress", "none"]
        sides = {
            "python -c pass": (["-c", "pass"], {}),
            "serial original": ([job, str(source)], original(work)),
            "pymapr run": (command, {}),
            "pymapr run --engine serial": ([*command, "--engine", "serial"], {}),
            "drop-in": ([job, str(source)], engine(2)),
        }
        costs: dict[str, list[Cost]] = {side: [] for side in sides}
        for _ in range(args.runs):
            for side, (arguments, environment) in sides.items():
                costs[side].append(run(arguments, work / "out", environment))
    show(costs)


def show(costs: dict[str, list[Cost]]) -> None:
    """Milliseconds of wall and CPU, and the wall over the original's."""
    print(f"{'':28}{'wall ms':>9}{'best':>7}{'CPU ms':>9}{'best':>7}{'over original':>15}")
    base = middle(costs["serial original"])
    for side, found in costs.items():
        wall, cpu = middle(found)
        best = min(cost.wall for cost in found), min(cost.cpu for cost in found)
        times = f"{wall * 1e3:9.0f}{best[0] * 1e3:7.0f}{cpu * 1e3:9.0f}{best[1] * 1e3:7.0f}"
        print(f"{side:28}{times}{wall / base.wall:15.2f}")


if __name__ == "__main__":
    main()
