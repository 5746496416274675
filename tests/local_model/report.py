"""The report of a run of a real language model, in Markdown."""

import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.core.clock import utc_now

if TYPE_CHECKING:
    from tests.local_model.run import Ended

_REQUIREMENTS: Final = Path(__file__).parents[2] / "requirements" / "model.txt"
_SHOWN: Final = 400
"""Characters of an answer."""


def write(path: Path, ended: "Sequence[Ended]") -> None:
    path.write_text("\n".join(_lines(ended)) + "\n", encoding="utf-8")


def _lines(ended: "Sequence[Ended]") -> Iterator[str]:
    versions = re.findall(r"^(\S+)==(\S+)", _REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    yield "# A real model"
    yield ""
    yield (
        "What came of each kind of generation with a real language model, a very small one: SmolLM2, of 135 million "
        "parameters, served by llama.cpp on the machine itself. Written by `make model`, which fails unless every "
        "generation ends in an honest status, none is FAILED as INTERNAL, what subscribers got adds up to what is "
        "stored, and the tokens on the record are those that the server reported. How good the answers are is not the "
        "point: so small a model can't do what the prompts ask for."
    )
    yield ""
    yield f"- {utc_now():%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.system()}"
    yield f"- {', '.join(f'{name} {version}' for name, version in versions)}"
    yield f"- faults: {sum(len(one.faults) for one in ended)}"
    yield ""
    yield "| Asked for | Ended | What is told | Requests | Tokens reported: prompt + answer | On the record | Time |"
    yield "|---|---|---|--:|---|---|--:|"
    yield from map(_row, ended)
    yield "\n## What it said\n"
    for one in ended:
        asked = one.asked
        yield f"{asked.name[0].upper()}{asked.name[1:]} ({asked.kind}, at most {asked.max_tokens} tokens):"
        yield f"\n```text\n{_said(one)}\n```\n"
    for one in ended:
        yield from (f"- **{one.asked.name}**: {fault}" for fault in one.faults)


def _row(one: "Ended") -> str:
    record = one.record
    reason = f" {record['reason']}" if record["reason"] else ""
    counted = [
        f"{used['inputTokens']:,} + {used['outputTokens']:,}{' (estimated)' if each['isEstimated'] else ''}"
        for each in record["attempts"]
        for used in [each["usage"]]
    ]
    reported = [f"{prompt:,} + {answer:,}" for prompt, answer in one.reported.elements()]
    cells = (
        one.asked.name,
        f"{record['status']}{reason}",
        (record["message"] or "").replace("|", "\\|").replace("\n", " "),
        one.requests,
        "; ".join(reported) or "none",
        "; ".join(counted) or "none",
        f"{one.seconds:.0f} s",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _said(one: "Ended") -> str:
    files = "".join(f"[{file['path']}]\n{file['content']}" for file in one.record["files"])
    said = f"{one.record['text'] or ''}{files}".replace("```", "'''")
    return said[:_SHOWN] + ("…" if len(said) > _SHOWN else "")
