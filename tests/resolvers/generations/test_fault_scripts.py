"""Random scripts of providers' faults: whatever they do, no generation ends as a silent half."""

from collections.abc import Iterator

import pytest

from tests.fakes.llm import FakeLLM
from tests.faults.judge import Meant, faults
from tests.faults.load import Load, server_settings
from tests.snapinfra import Server, serving, settings

SCRIPTS = 40
SEED = 4


@pytest.fixture(scope="module")
def both(emulator: str, fake: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = {"SNAPINFRA_DATA": str(tmp_path_factory.mktemp("data"))}
    with serving(settings(emulator, **data, **server_settings(fake))) as running:
        yield running


async def test_no_generation_ends_as_a_silent_half(both: Server, fake: FakeLLM) -> None:
    load = Load(both, fake, SCRIPTS, SEED)

    await load.run(at_once=8)

    assert "\n".join(map(str, load.violations)) == ""
    assert load.endings.total() == SCRIPTS
    assert {ending.split(" ")[0] for _, ending in load.endings} >= {"COMPLETED", "INCOMPLETE"}
    assert {kind for kind, _ in load.endings} == {"SCHEMA", "ARCHITECTURE", "CODE", "DOCUMENTATION", "CHAT"}
    assert load.followed.total() > 0
    assert {provider for _, provider in load.playing.counts} == {"groq", "openai"}


FILES = {"a.ts": "whole\n", "b.ts": "whole too\n"}
BEGUN = [{"__typename": "AttemptStarted", "resetsText": True}, {"__typename": "FileStarted", "path": "a.ts"}]


def record(status: str, files: dict[str, str], *, text: str = "", **fields: object) -> dict[str, object]:
    listed = [{"path": path, "content": content} for path, content in files.items()]
    return {
        "status": status,
        "reason": None,
        "message": None,
        "text": text,
        "missingFiles": [],
        "files": listed,
        **fields,
    }


@pytest.mark.parametrize(
    ("meant", "ended"),
    [
        (Meant("CODE", FILES, []), record("COMPLETED", {"a.ts": "whole\n"})),
        (Meant("CODE", FILES, []), record("COMPLETED", {**FILES, "b.ts": "who\n"})),
        (Meant("CODE", FILES, []), record("INCOMPLETE", {"a.ts": "whole\n"}, reason="MAX_TOKENS", message="Cut.")),
        (
            Meant("CODE", FILES, []),
            record("INCOMPLETE", FILES, reason="MAX_TOKENS", message="Cut.", missingFiles=["a.ts"]),
        ),
        (Meant("CHAT", {}, ["All of it."]), record("COMPLETED", {}, text="All")),
        (Meant("SCHEMA", {}, ["{}"]), record("COMPLETED", {}, text="{}")),
        (Meant("CHAT", {}, ["All"]), record("FAILED", {}, reason="INTERNAL", message="Oh.")),
        (Meant("CHAT", {}, ["All"]), record("FAILED", {})),
        (Meant("CHAT", {}, ["All"]), record("CANCELED", {})),
        (Meant("CHAT", {}, ["All"]), record("GENERATING", {})),
    ],
)
def test_the_judge_finds_a_silent_half(meant: Meant, ended: dict[str, object]) -> None:
    assert len(list(faults(meant, ended, BEGUN))) == 1
