"""Holds the fakes of deploy targets to the vendors' own clients: python -m tests.vendors.run.

Each client is a program or a package that nobody here wrote, run against our fake of its vendor. What that proved, and
what only the real vendor can prove, is written to docs/vendors.md.
"""

import importlib
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from tests.campaign import circumstances
from tests.vendors.proof import Proof

REPORT: Final = Path("docs/vendors.md")
ONLY_THERE: Final = Path(__file__).parent / "only-there.md"
"""What only the real vendors can prove, by hand."""


@frozen
class Outcome:
    proofs: Sequence[Proof]
    failure: str = ""


def targets() -> Sequence[str]:
    """Return the targets that have a module here with `proofs`."""
    own = {"client", "proof", "rigs", "run"}
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in own)


def run(target: str) -> Outcome:
    """Run the clients of a target's vendor until one fails."""
    proofs: list[Proof] = []
    with tempfile.TemporaryDirectory(prefix="vendor-") as home:
        try:
            for proof in importlib.import_module(f"tests.vendors.{target}").proofs(Path(home)):
                sys.stdout.write(f"{target}: {proof.what}\n")
                proofs.append(proof)
        except Exception:  # noqa: BLE001 - it is what the report is about
            return Outcome(proofs, traceback.format_exc())
    return Outcome(proofs)


def report(outcomes: Mapping[str, Outcome], seconds: float) -> Iterator[str]:
    yield "# Fakes and the vendors' own clients"
    yield ""
    yield "`make vendors`: the fakes of `tests/fakes/targets`, on which the tests of deployments rest, answer programs"
    yield "that the vendors wrote. A target without a row has no client that was tried yet."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in circumstances(seconds):
        yield f"| {name} | {value} |"
    yield f"| failures | {sum(bool(outcome.failure) for outcome in outcomes.values())} |"
    for target, outcome in outcomes.items():
        yield ""
        yield f"## {target}"
        yield ""
        yield "| by | what |"
        yield "| --- | --- |"
        for proof in outcome.proofs:
            yield f"| {proof.by} | {proof.what} |"
    yield ""
    yield ONLY_THERE.read_text().rstrip()


def main() -> int:
    """Run all, write the report, and return the exit status: 0 only if every client was content."""
    began = time.monotonic()
    outcomes = {target: run(target) for target in targets()}
    REPORT.write_text("\n".join(report(outcomes, time.monotonic() - began)) + "\n", encoding="utf-8")
    failures = [outcome.failure for outcome in outcomes.values() if outcome.failure]
    sys.stdout.write("".join(failures))
    sys.stdout.write(
        f"{sum(len(each.proofs) for each in outcomes.values())} proofs, {len(failures)} failures: {REPORT}\n"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
