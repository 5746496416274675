"""Streams of models that are changed at random: no generation is COMPLETED without being whole, or FAILED for us."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.llm.files import encode
from tests.fakes.llm import FakeLLM
from tests.mutations.judge import Sent, faults
from tests.mutations.load import Load, server_settings
from tests.snapinfra import Server, serving, settings

CASES = 60
SEED = 2


@pytest.fixture(scope="module")
def both(emulator: str, fake: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = {"SNAPINFRA_DATA": str(tmp_path_factory.mktemp("data"))}
    with serving(settings(emulator, **data, **server_settings(fake))) as running:
        yield running


async def test_no_changed_stream_ends_in_anything_but_an_honest_status(both: Server, fake: FakeLLM) -> None:
    load = Load(both, fake, CASES, SEED)

    await load.run(at_once=8)

    assert "\n".join(load.violations) == ""
    assert load.endings.total() == CASES
    assert {ending.split(" ")[0] for _, ending in load.endings} >= {"COMPLETED", "INCOMPLETE"}
    assert {kind for kind, _ in load.endings} == {"SCHEMA", "ARCHITECTURE", "CODE", "DOCUMENTATION", "CHAT"}


def sent(text: str, finish: str | None = "stop") -> Sent:
    chunks: list[Any] = [
        {"choices": [{"delta": {"content": text}}]},
        {"choices": [{"delta": {}, "finish_reason": finish}]},
    ]
    return Sent("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode(), is_cut=False, boundary="b")


def record(status: str, text: str = "", files: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    listed = [{"path": path, "content": content} for path, content in (files or {}).items()]
    return {"status": status, "reason": None, "message": None, "text": text, "files": listed, **fields}


def told(text: str = "", files: dict[str, str] | None = None) -> list[dict[str, Any]]:
    said = [{"__typename": "TokenDelta", "offset": 0, "text": text}]
    return said + [
        {"__typename": kind, "path": path, "text": content}
        for path, content in (files or {}).items()
        for kind in ("FileStarted", "FileDelta", "FileCompleted")
    ]


FILES = {"a.ts": "1\n", "b.ts": "2\n"}
HALF = {"a.ts": "1\n"}
OTHER = {"a.ts": "1\n", "b.ts": "x\n"}


@pytest.mark.parametrize(
    ("kind", "stream", "ended", "happened"),
    [
        ("CHAT", sent("All of it.", "length"), record("COMPLETED", "All of it."), told("All of it.")),
        ("CHAT", sent("All of it.", None), record("COMPLETED", "All of it."), told("All of it.")),
        (
            "CHAT",
            sent("All of it.", "insufficient_system_resource"),
            record("COMPLETED", "All of it."),
            told("All of it."),
        ),
        ("CHAT", sent("All of it."), record("COMPLETED", "All of"), told("All of")),
        ("CHAT", sent("All of it."), record("COMPLETED", "All of it."), told("All of")),
        ("CHAT", sent("<think>a</think>b"), record("COMPLETED", "<think>a</think>b"), told("<think>a</think>b")),
        ("SCHEMA", sent("{}"), record("COMPLETED", "{}"), told("{}")),
        ("CODE", sent(encode("b", FILES)), record("COMPLETED", "", HALF), told("", HALF)),
        (
            "CODE",
            sent(encode("b", FILES)),
            record("COMPLETED", "", {**FILES, "b.ts": "x"}),
            told("", {**FILES, "b.ts": "x"}),
        ),
        ("CHAT", sent("a"), record("FAILED", reason="INTERNAL", message="Oh."), told()),
        ("CHAT", sent("a"), record("INCOMPLETE", reason="PROVIDER_LOST"), told()),
        ("CHAT", sent("a"), record("GENERATING"), told()),
    ],
)
def test_the_judge_finds_what_is_not_honest(
    kind: str, stream: Sent, ended: dict[str, Any], happened: list[dict[str, Any]]
) -> None:
    assert len(list(faults(kind, [stream], ended, happened))) == 1


@pytest.mark.parametrize(
    ("kind", "stream", "ended", "happened"),
    [
        ("CHAT", sent("<think>a</think>b"), record("COMPLETED", "b"), told("b")),
        ("CODE", sent(encode("b", FILES)), record("COMPLETED", "", FILES), told("", FILES)),
        ("CHAT", sent("a"), record("FAILED", reason="PROVIDER_ERROR", message="Oh."), told()),
    ],
)
def test_the_judge_finds_nothing_where_nothing_is(
    kind: str, stream: Sent, ended: dict[str, Any], happened: list[dict[str, Any]]
) -> None:
    assert list(faults(kind, [stream], ended, happened)) == []
