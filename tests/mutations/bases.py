"""The streams that are mutated: answers to our prompts, each in the frames of a stream that a server has sent."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from services.designs import architecture as architectures
from services.designs import schema as schemas
from services.llm.files import encode
from services.scaffold.architecture import derive_architecture
from services.scaffold.schema import derive_schema

FOLDER: Final = Path(__file__).parent / "streams"
SCHEMA: Final = derive_schema("Notes of users")
SAID: Final = "Grüß Gott 👩\u200d👩!\n\nA table has `fields`:\r\n1. id\n2. <b>name</b>, 日本\n"
FILES: Final = {
    "package.json": '{\n  "name": "notes"\n}\n',
    "src/a.ts": "export const a = '</think>';\n// === 0000000000000000 END\n",
    "README.md": "# Notes\r\n\n```sh\nnpm start\n```\n",
}
PAGES: Final = {"guides/start.md": "# Start\n\n```\nnpm start\n```\n", "reference/api.md": "# API\n\nGrüß 👩\u200d👩\n"}
THOUGHTS: Final = "<think>\nA table {notes}?\n\nYes.\n</think>\n\n"
KINDS: Final = ("CHAT", "CODE", "SCHEMA", "DOCUMENTATION", "ARCHITECTURE")

Say = Callable[[str], str]
"""Makes the text of an answer from the boundary of its prompt."""
SAYS: Final[Mapping[str, Say]] = {
    "CHAT": lambda _: SAID,
    "CODE": lambda boundary: encode(boundary, FILES, notes="Here it is."),
    "DOCUMENTATION": lambda boundary: encode(boundary, PAGES),
    "SCHEMA": lambda _: f"Here it is:\n```json\n{schemas.encode(SCHEMA).decode()}\n```\n",
    "ARCHITECTURE": lambda _: architectures.encode(derive_architecture("Notes", SCHEMA)).decode(),
}


def frames() -> dict[str, list[dict[str, Any]]]:
    """Return the chunks of each recorded stream, by its name."""
    return {path.stem: _chunks(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.sse"))}


def _chunks(stream: str) -> list[dict[str, Any]]:
    data = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: {")]
    return [json.loads(text) for text in data]


def whole(chunks: Sequence[Mapping[str, Any]], text: str, chance: Random) -> bytes:
    """Return the stream of a text in the frames of recorded chunks, cut into pieces by chance."""
    last = next(number for number, chunk in enumerate(chunks) if _finish(chunk) is not None)
    frame = next(chunk for chunk in chunks if chunk["choices"] and chunk["choices"][0]["delta"].get("content"))
    before = [chunk for chunk in chunks[:last] if not (chunk["choices"][0]["delta"].get("content"))]
    said = [_with_content(frame, piece) for piece in _pieces(text, chance)]
    events = [json.dumps(chunk, ensure_ascii=chance.random() < 0.3) for chunk in (*before, *said, *chunks[last:])]
    return "".join(f"data: {event}\n\n" for event in (*events, "[DONE]")).encode()


def _finish(chunk: Mapping[str, Any]) -> str | None:
    return chunk["choices"][0]["finish_reason"] if chunk["choices"] else None


def _with_content(frame: Mapping[str, Any], text: str) -> dict[str, Any]:
    choice = frame["choices"][0]
    return {**frame, "choices": [{**choice, "delta": {**choice["delta"], "content": text}}]}


def _pieces(text: str, chance: Random) -> list[str]:
    size = chance.choice((3, 8, 30, 200))
    return [text[start : start + size] for start in range(0, len(text), size)]
