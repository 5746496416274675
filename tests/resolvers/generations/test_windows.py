"""What becomes of a change to more files than the model's window has room for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.llm.files import encode
from tests.fakes.llm import Answer, FakeLLM, Recorded
from tests.resolvers.generations.provider_rows import boundary_of, saying
from tests.snapinfra import Server, User, events, serving, settings

NAMES = ("reviews", "orders", "shops", "carts", "coupons", "payments", "drivers", "parcels", "stores", "labels")
FILES = {f"src/models/{name}.ts": f"// {name}\n" + "export const x = 1;\n" * 300 for name in NAMES}
"""60 KB: some 20,000 tokens, counted as we do."""
WINDOW = 16_384
GENERATION = """
query($id: ID!) {
  generation(id: $id) { status reason missingFiles files { path content } attempts { outcome leftOut } }
}"""


@pytest.fixture(scope="module")
def small(emulator: str, fake: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose model has a small window."""
    config = settings(
        emulator,
        SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")),
        OPENAI_API_KEY="sk-test",
        OPENAI_BASE_URL=fake.openai_url,
        OPENAI_MODEL="small",
        AI_CONTEXT_WINDOWS=json.dumps({"small": WINDOW}),
    )
    with serving(config) as running:
        yield running


@pytest.fixture
async def alice(small: Server, fake: FakeLLM) -> User:
    fake.script.clear()
    fake.requests.clear()
    fake.default = Answer()
    return small.user()


async def made(user: User, fake: FakeLLM) -> tuple[str, str]:
    """Return a project and a CODE generation of it, which has all files."""
    project_id = (await user.project())["id"]
    await events(user, await user.generate(project_id, "SCHEMA"))
    fake.script.append(Answer(files=FILES))
    generation_id = await user.generate(project_id, "CODE")
    assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
    fake.requests.clear()
    return project_id, generation_id


async def changed(user: User, project_id: str, base_id: str, what: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Ask for a change; return its events and its record."""
    options = {"maxTokens": 2000}
    generation_id = await user.generate(project_id, "CODE", prompt=what, baseGenerationId=base_id, options=options)
    happened = await events(user, generation_id)
    return happened, (await user.ask(GENERATION, id=generation_id))["generation"]


def of(happened: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in happened if event["__typename"] == kind]


def shown(request: Recorded) -> set[str]:
    """Return the files whose content a request had."""
    prompt = "\n".join(message["content"] for message in request.body["messages"])
    return {path for path, content in FILES.items() if content in prompt}


async def test_the_model_is_shown_what_the_change_is_about_and_what_was_left_out_is_told(
    alice: User, fake: FakeLLM
) -> None:
    project_id, base_id = await made(alice, fake)
    new = {"src/models/coupons.ts": "export const y = 2;\n"}
    fake.script.append(Answer(files=new))

    happened, generation = await changed(alice, project_id, base_id, "Rename the constant of coupons")

    (started,) = of(happened, "AttemptStarted")
    assert 0 < len(started["leftOut"]) < len(FILES)
    assert shown(fake.requests[0]) == FILES.keys() - set(started["leftOut"])
    assert "src/models/coupons.ts" in shown(fake.requests[0])
    assert "There was no room above" in fake.requests[0].body["messages"][-1]["content"]
    assert generation["attempts"] == [{"outcome": "COMPLETED", "leftOut": len(started["leftOut"])}]
    assert generation["status"] == "COMPLETED"
    assert {file["path"]: file["content"] for file in generation["files"]} == FILES | new


async def test_a_file_that_the_model_was_not_shown_is_not_replaced_blindly_and_shown_when_it_is_asked_again(
    alice: User, fake: FakeLLM
) -> None:
    project_id, base_id = await made(alice, fake)

    def blind(boundary: str) -> str:
        return encode(boundary, {"src/models/labels.ts": "lost\n", "src/models/reviews.ts": "export const z = 3;\n"})

    seen = {"src/models/labels.ts": FILES["src/models/labels.ts"] + "export const w = 4;\n"}
    fake.script += [saying(blind), Answer(files=seen)]

    happened, generation = await changed(alice, project_id, base_id, "Mind the reviews")

    first, second = of(happened, "AttemptStarted")
    assert "src/models/labels.ts" in first["leftOut"]
    discarded = [(event["path"], event["discardReason"]) for event in of(happened, "FileDiscarded")]
    assert discarded == [("src/models/labels.ts", "UNSEEN")]
    assert "src/models/labels.ts" not in second["leftOut"]
    assert "src/models/labels.ts" in shown(fake.requests[1])
    assert boundary_of(fake.requests[1]) == boundary_of(fake.requests[0])
    files = {file["path"]: file["content"] for file in generation["files"]}
    assert (generation["status"], generation["missingFiles"]) == ("COMPLETED", [])
    assert files == FILES | seen | {"src/models/reviews.ts": "export const z = 3;\n"}


async def test_a_model_that_only_names_what_it_needs_is_shown_it(alice: User, fake: FakeLLM) -> None:
    project_id, base_id = await made(alice, fake)
    new = {"src/models/labels.ts": "export const w = 4;\n"}
    fake.script += [
        saying(lambda boundary: f"=== {boundary} MANIFEST\nsrc/models/labels.ts\n=== {boundary} END\n"),
        Answer(files=new),
    ]

    happened, generation = await changed(alice, project_id, base_id, "Mind the reviews")

    assert "src/models/labels.ts" in of(happened, "AttemptStarted")[0]["leftOut"]
    assert "src/models/labels.ts" in shown(fake.requests[1])
    assert generation["status"] == "COMPLETED"
    assert {file["path"]: file["content"] for file in generation["files"]} == FILES | new


async def test_a_model_that_never_brings_what_it_names_is_not_asked_for_ever(alice: User, fake: FakeLLM) -> None:
    project_id, base_id = await made(alice, fake)
    fake.default = saying(lambda boundary: f"=== {boundary} MANIFEST\nsrc/models/labels.ts\n=== {boundary} END\n")

    _, generation = await changed(alice, project_id, base_id, "Mind the reviews")

    assert len(fake.requests) <= 3
    assert generation["status"] in {"INCOMPLETE", "FAILED"}
    assert {file["path"]: file["content"] for file in generation["files"]} in ({}, FILES)
