"""The job with PySpark, `local[WORKERS]`: `python with_spark.py JOB DATA OUTPUT WORKERS`. Needs Java."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import plain

JOB, DATA, OUTPUT = sys.argv[1:4]


def main(workers: int) -> None:
    """As the programming guide for RDDs does it."""
    here = str(Path(__file__).parent)
    os.environ |= {"PYTHONHASHSEED": "0", "PYTHONPATH": here, "PYSPARK_PYTHON": sys.executable}
    from pyspark import SparkConf, SparkContext

    job, data = JOB, DATA
    conf = SparkConf().setMaster(f"local[{workers}]").set("spark.ui.enabled", "false")
    with SparkContext(conf=conf) as context:
        context.setLogLevel("ERROR")
        pairs = context.textFile(DATA, 2 * workers).flatMap(lambda line: plain.load(job, data).map(json.loads(line)))
        groups = pairs.groupByKey(2 * workers)
        values = groups.flatMap(lambda group: plain.load(job, data).reduce(group[0], list(group[1])))
        lines = values.map(json.dumps).collect()
    Path(OUTPUT).write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(int(sys.argv[4]))
