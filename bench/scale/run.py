"""What the design carries and costs: `python -m bench.scale.run` measures, and writes docs/scale.md.

`--page` only writes the page anew, from bench/scale/costs.json and docs/reference/calls.json.
"""  # noqa: INP001 - benchmarks are not a package

import argparse
import json
import os
import platform
import sys

import uvloop

from bench.scale.measure import measured
from bench.scale.page import COSTS, PAGE, written
from services.core.clock import utc_now


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if not options.page:
        costs = uvloop.run(measured())
        load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
        machine = (
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; load average {load}"
        )
        found = {"date": f"{utc_now():%Y-%m-%d}", "machine": machine, "costs": costs}
        COSTS.write_text(json.dumps(found, indent=2) + "\n")
    PAGE.write_text(written())
    sys.stdout.write(f"written to {PAGE}\n")


if __name__ == "__main__":
    main()
