"""The rows of docs/providers.md, and how a test sees one: the events of a generation, and what is on its record."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from services.core.frozen import frozen
from services.llm.files import encode
from tests.fakes.llm import Answer, Behaviour, Body, FakeLLM, Recorded
from tests.snapinfra import User, events

ROOT: Final = Path(__file__).parents[3]
FILES: Final = {"a.ts": "export const a = 1;\n", "b.ts": "export const b = 2;\n"}
PIECES: Final = ["Grüß ", "👩\u200d👩 ", "Gott\r\n", "日本."]
SAID: Final = "".join(PIECES)
GENERATION: Final = """
query($id: ID!) {
  generation(id: $id) {
    status reason message text missingFiles
    schema { tables { name } }
    files { path content }
    attempts { provider outcome isEstimated usage { inputTokens outputTokens cachedTokens } }
  }
}"""
PROJECT: Final = "query($id: ID!) { generation(id: $id) { project { id } } }"
CANCEL: Final = "mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { generation { id } } }"


@frozen
class Seen:
    """What came of a generation."""

    events: list[Any]
    record: dict[str, Any]
    first: str
    """The provider that was to be asked first."""

    @property
    def story(self) -> list[str]:
        """The events in order, in the words of docs/providers.md; neighbours that say the same are told once."""
        said = (_words(event, self.first) for event in self.events)
        return [words for words, _ in groupby(said)]

    @property
    def attempts(self) -> list[str]:
        """The answers on the record, as docs/providers.md tells them."""
        return [
            f"{_who(each['provider'], self.first)} {each['outcome']}{' (estimated)' if each['isEstimated'] else ''}"
            for each in self.record["attempts"]
        ]


def _who(provider: str, first: str) -> str:
    return "first" if provider == first else "second"


def _words(event: dict[str, Any], first: str) -> str:
    match event["__typename"]:
        case "AttemptStarted":
            return f"AttemptStarted {_who(event['provider'], first)}{'' if event['resetsText'] else ', goes on'}"
        case "AttemptFailed":
            return f"AttemptFailed {event['code']}{'' if event['willRetry'] else ', last'}"
        case "FileStarted" | "FileDelta" | "FileCompleted" as kind:
            return f"{kind} {event['path']}"
        case "FileDiscarded":
            return f"FileDiscarded {event['path']} {event['discardReason']}"
        case "GenerationFinished":
            reason = f" {event['reason']}" if event["reason"] else ""
            return f"GenerationFinished {event['status']}{reason}"
        case kind:
            return kind


def rows() -> dict[str, tuple[list[str], list[str]]]:
    """Return the events and the attempts that docs/providers.md tells, by the test's name."""
    page = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    cells = (
        re.split(r"\s*\|\s*", line.strip("| ")) for line in page.splitlines() if re.search(r"\| `test_\w+` \|$", line)
    )
    return {row[3].strip("`"): (row[1].split(" · "), [] if row[2] == "none" else row[2].split(" · ")) for row in cells}


Check = Callable[[Seen], None]


async def asked(
    user: User,
    fake: FakeLLM,
    model: str,
    kind: str,
    behaviours: Sequence[Behaviour],
    *,
    base: str | None = None,
) -> str:
    """Ask for a generation that meets these behaviours one after the other; return its id."""
    fields = {"prompt": "Hello?"} if kind == "CHAT" else {}
    if base is None:
        project_id = (await user.project())["id"]
    else:
        fields["baseGenerationId"] = base
        project_id = (await user.ask(PROJECT, id=base))["generation"]["project"]["id"]
    if kind == "CODE":
        default, fake.default = fake.default, Answer()
        assert (await events(user, await user.generate(project_id, "SCHEMA")))[-1]["status"] == "COMPLETED"
        fake.default = default
        fake.requests.clear()
    fake.script.extend(behaviours)
    return await user.generate(project_id, kind, options={"model": model}, **fields)


async def seen(
    user: User,
    fake: FakeLLM,
    *behaviours: Behaviour,
    first: str = "groq",
    kind: str = "CHAT",
    base: str | None = None,
    model: str = "",
) -> Seen:
    """Return what comes of a generation that meets these behaviours one after the other."""
    model = model or f"{first}-model"
    generation_id = await asked(user, fake, model, kind, behaviours, base=base)
    return await ended(user, generation_id, model.split("-")[0])


async def ended(user: User, generation_id: str, first: str = "groq") -> Seen:
    happened = await events(user, generation_id)
    return Seen(happened, (await user.ask(GENERATION, id=generation_id))["generation"], first)


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def upto(path: str, files: Mapping[str, str] = FILES) -> int:
    """How many pieces of one character come before the middle of a file's content."""
    return encode("0" * 16, files, notes="Here it is.").index(files[path]) + len(files[path]) // 2


WHOLE: Final = len(encode("0" * 16, FILES, notes="Here it is."))
"""How many pieces of one character an answer of files has."""


STOP: Final[dict[str, Any]] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def content(pieces: Iterable[str]) -> list[dict[str, Any]]:
    """Return the chunks that say a text in pieces."""
    return [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]


def stream(*chunks: Any, done: bool = True) -> bytes:
    """Return the event stream of chunks."""
    events = [json.dumps(chunk) for chunk in chunks] + ["[DONE]"] * done
    return "".join(f"data: {event}\n\n" for event in events).encode()


def saying(make: Callable[[str], str], *, size: int = 20) -> Body:
    """Return the stream of a text, made from the boundary that the prompt has, in pieces."""

    def body(request: Recorded) -> bytes:
        text = make(boundary_of(request))
        return stream(*content(text[start : start + size] for start in range(0, len(text), size)), STOP)

    return Body(body)


def boundary_of(request: Recorded) -> str:
    """Return the boundary that a prompt for files has; empty for another prompt."""
    prompt = "\n".join(message["content"] for message in request.body["messages"])
    match = re.search(r"^=== ([0-9a-zA-Z]+) MANIFEST$", prompt, re.MULTILINE)
    return match[1] if match is not None else ""


def stored(generation: Seen) -> dict[str, str]:
    """Return the files on the record."""
    return {file["path"]: file["content"] for file in generation.record["files"]}


def messages(generation: Seen) -> list[str]:
    """Return what the stream says of each failure."""
    return [event["message"] for event in generation.events if event["__typename"] == "AttemptFailed"]
