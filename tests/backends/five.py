"""The run of five backends through all that they must stand: `python -m tests.backends.five`, or `make backends`.

It writes docs/backends-tested.md, and exits with 1 where one of them does not stand something. `--only Wiki` takes one
of them, `--proofs mutants,schemathesis` some of the proofs; then nothing is written.
"""

import argparse
import asyncio
import io
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cli.serving import tool_environment
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS, free_port, running_emulator
from tests.backends.building import BackendFailed, Building
from tests.backends.proofs import PROOFS, Put, build
from tests.backends.subjects import SUBJECTS, Subject

ROOT: Final = Path(__file__).parents[2]
MOST: Final = 4000
"""Characters of a fault that are told."""
REPORT: Final = ROOT / "docs" / "backends-tested.md"


@frozen
class Outcome:
    """What came of a subject: a figure, or a fault, for each proof."""

    subject: Subject
    figures: Mapping[str, str]
    faults: Mapping[str, str]
    seconds: float


async def outcome(subject: Subject, folder: Path, emulator: str, proofs: Sequence[str]) -> Outcome:
    """Put one backend to the test. What one proof finds keeps no other from being tried."""
    began = time.monotonic()
    environment = {
        **tool_environment(),
        **EMULATOR_CREDENTIALS,
        "AWS_ENDPOINT_URL": emulator,
        "TABLE_PREFIX": f"{subject.name.lower()}-",
    }
    figures: dict[str, str] = {}
    faults: dict[str, str] = {}
    subject.write(folder)
    put = Put(subject, Building(folder, environment))
    for name, proof in {"build": build, **{name: PROOFS[name] for name in proofs}}.items():
        try:
            figures[name] = await proof(put)
        except BackendFailed as failure:
            faults[name] = str(failure)[:MOST]
        sys.stdout.write(f"{subject.name}: {name}: {faults.get(name) or figures[name]}\n")
        sys.stdout.flush()
        if "build" in faults:
            break
    return Outcome(subject, figures, faults, time.monotonic() - began)


async def outcomes(subjects: Sequence[Subject], proofs: Sequence[str]) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        async with running_emulator(
            program=str(ROOT / ".tools" / "bin" / "ministack"),
            data=None,
            port=free_port(),
            environment=tool_environment(),
        ) as emulator:
            return [
                await outcome(subject, Path(folder) / subject.name.lower(), emulator, proofs) for subject in subjects
            ]


def report(found: Sequence[Outcome], *, seconds: float) -> str:
    """Write the table of figures, and the faults below it."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    out = io.StringIO()
    out.write(f"""# Five backends, put to the test

Written by `make backends` on {utc_now():%Y-%m-%d} ({machine}; {seconds:.0f} seconds).

Two were derived from a sentence, one has every feature of the schema, one has 40 tables, one evolved over four
versions (tests/backends/schemas.py). Each is installed by `npm ci` and compiled; ESLint goes over its code, cfn-lint
over its template and redocly over its OpenAPI document; its own tests run on both Nodes; schemathesis makes up requests
from the document; and each mutant of tests/backends/mutants.py that makes a difference must fail one of its own tests.

| | {" | ".join(PROOFS)} | seconds |
|---|{"---|" * len(PROOFS)}--:|
""")
    for one in found:
        cells = " | ".join("**failed**" if name in one.faults else one.figures.get(name, "") for name in PROOFS)
        out.write(f"| {one.subject.name} | {cells} | {one.seconds:.0f} |\n")
    for one in found:
        for name, fault in one.faults.items():
            out.write(f"\n## {one.subject.name}: {name}\n\n```text\n{fault}\n```\n")
    return out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--proofs", default="")
    options = parser.parse_args()
    subjects = [subject for subject in SUBJECTS if options.only in {"", subject.name}]
    proofs = options.proofs.split(",") if options.proofs else list(PROOFS)
    began = time.monotonic()
    found = asyncio.run(outcomes(subjects, proofs))
    if not options.only and not options.proofs:
        REPORT.write_text(report(found, seconds=time.monotonic() - began))
        sys.stdout.write(f"written to {REPORT.relative_to(ROOT)}\n")
    return int(any(one.faults for one in found))


if __name__ == "__main__":
    sys.exit(main())
