"""What becomes of a generation whose providers fail or stop in the middle: nothing whole is lost."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.llm.files import encode
from tests.fakes.llm import Answer, FakeLLM, Status
from tests.snapinfra import Server, User, events, rebuilt, serving, settings

GENERATION = """
query($id: ID!) {
  generation(id: $id) {
    status reason text missingFiles number
    files { path content sha256 }
    base { id }
    attempts { provider outcome isEstimated usage { inputTokens outputTokens } }
    usage { outputTokens }
  }
}"""
CONTINUE = """
mutation($id: ID!) {
  continueGeneration(input: {generationId: $id}) { generation { id status } userErrors { code message } }
}"""
FILES = {"README.md": "# Notes\n", "src/a.ts": "export const a = 1;\n", "src/b.ts": "export const b = 2;\n"}


@pytest.fixture(scope="module")
def both(emulator: str, fake: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with both providers, which are the fake."""
    config = settings(
        emulator,
        SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")),
        GROQ_API_KEY="gsk_test",
        GROQ_BASE_URL=fake.groq_url,
        OPENAI_API_KEY="sk-test",
        OPENAI_BASE_URL=fake.openai_url,
        AI_CHUNK_TIMEOUT="1",
    )
    with serving(config) as running:
        yield running


@pytest.fixture
async def alice(both: Server, fake: FakeLLM) -> User:
    """Return a user; nothing is left of what the fake was told before."""
    fake.script.clear()
    fake.requests.clear()
    fake.default = Answer(files=FILES)
    return both.user()


async def with_schema(user: User, fake: FakeLLM) -> str:
    """Return a project that has a schema."""
    project_id = (await user.project())["id"]
    generation_id = await user.generate(project_id, "SCHEMA")
    assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
    fake.requests.clear()
    return project_id


async def found(user: User, generation_id: str) -> dict[str, Any]:
    return (await user.ask(GENERATION, id=generation_id))["generation"]


def contents(generation: dict[str, Any]) -> dict[str, str]:
    return {file["path"]: file["content"] for file in generation["files"]}


def kinds(happened: list[Any]) -> list[str]:
    return [event["__typename"] for event in happened]


def upto(path: str) -> int:
    """How many pieces of one character come before the END of a file's content."""
    text = encode("0" * 16, FILES, notes="Here it is.")
    return text.index(FILES[path]) + len(FILES[path]) // 2


async def test_another_provider_goes_on_from_the_first_file_that_is_not_whole(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)
    fake.script.append(Answer(files=FILES, piece_size=1, cut_after=upto("src/a.ts")))

    generation_id = await alice.generate(project_id, "CODE")
    happened = await events(alice, generation_id)

    generation = await found(alice, generation_id)
    started = [event for event in happened if event["__typename"] == "AttemptStarted"]
    completed = [event["path"] for event in happened if event["__typename"] == "FileCompleted"]
    assert [(event["provider"], event["resetsText"]) for event in started] == [("groq", True), ("openai", False)]
    assert completed == list(FILES)
    assert [event["discardReason"] for event in happened if event["__typename"] == "FileDiscarded"] == ["INCOMPLETE"]
    assert (generation["status"], contents(generation)) == ("COMPLETED", FILES)
    assert rebuilt(happened) == (generation["text"], FILES)
    assert "src/a.ts" in fake.requests[1].body["messages"][-1]["content"]
    assert FILES["README.md"] in fake.requests[1].body["messages"][-2]["content"]
    assert [(each["provider"], each["outcome"]) for each in generation["attempts"]] == [
        ("groq", "FAILED"),
        ("openai", "COMPLETED"),
    ]


async def test_a_text_whose_provider_fails_starts_over_and_says_so(alice: User, fake: FakeLLM) -> None:
    project_id = (await alice.project())["id"]
    fake.script.append(Answer(["{", '"tables'], cut_after=2))

    generation_id = await alice.generate(project_id, "SCHEMA")
    happened = await events(alice, generation_id)

    started = [event for event in happened if event["__typename"] == "AttemptStarted"]
    assert [(event["provider"], event["resetsText"]) for event in started] == [("groq", True), ("openai", True)]
    failed = [event for event in happened if event["__typename"] == "AttemptFailed"]
    assert [(event["code"], event["willRetry"]) for event in failed] == [("UNAVAILABLE", True)]
    assert happened[-1]["status"] == "COMPLETED"
    assert rebuilt(happened)[0] == (await found(alice, generation_id))["text"]


async def test_an_answer_that_reaches_its_length_is_gone_on_with(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)
    fake.script.append(Answer(files=FILES, stop_in="src/b.ts", finish="length"))

    generation_id = await alice.generate(project_id, "CODE")
    happened = await events(alice, generation_id)

    generation = await found(alice, generation_id)
    assert (generation["status"], contents(generation)) == ("COMPLETED", FILES)
    assert [each["outcome"] for each in generation["attempts"]] == ["CUT", "COMPLETED"]
    assert rebuilt(happened) == (generation["text"], FILES)


async def test_within_the_limit_of_tokens_an_incomplete_generation_names_its_files_and_can_be_continued(
    alice: User, fake: FakeLLM
) -> None:
    project_id = await with_schema(alice, fake)
    fake.script.append(Answer(files=FILES, stop_in="src/b.ts", finish="length"))
    first_id = await alice.generate(project_id, "CODE", options={"maxTokens": 20})
    first = await events(alice, first_id)

    continued = (await alice.ask(CONTINUE, id=first_id))["continueGeneration"]
    second_id = continued["generation"]["id"]
    second = await events(alice, second_id)
    twice = (await alice.result(CONTINUE, id=second_id))["data"]["continueGeneration"]

    incomplete, whole = await found(alice, first_id), await found(alice, second_id)
    assert (first[-1]["status"], first[-1]["reason"]) == ("INCOMPLETE", "MAX_TOKENS")
    assert (incomplete["missingFiles"], list(contents(incomplete))) == (["src/b.ts"], ["README.md", "src/a.ts"])
    assert (whole["status"], contents(whole), whole["base"]["id"]) == ("COMPLETED", FILES, first_id)
    assert whole["number"] == incomplete["number"] + 1
    assert [e["path"] for e in second if e["__typename"] == "FileKept"] == ["README.md", "src/a.ts"]
    assert [e["path"] for e in second if e["__typename"] == "FileCompleted"] == ["src/b.ts"]
    assert rebuilt(second, contents(incomplete)) == (whole["text"], FILES)
    assert twice["userErrors"][0]["code"] == "CONFLICT"


async def test_when_every_provider_is_lost_in_the_middle_what_is_whole_is_kept(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)
    half = Answer(files=FILES, piece_size=1, cut_after=upto("src/a.ts"))
    fake.script.append(half)
    fake.default = Answer(["Here "], cut_after=1)

    generation_id = await alice.generate(project_id, "CODE")
    happened = await events(alice, generation_id)

    generation = await found(alice, generation_id)
    assert (happened[-1]["status"], happened[-1]["reason"]) == ("INCOMPLETE", "PROVIDER_LOST")
    assert generation["missingFiles"] == ["src/a.ts", "src/b.ts"]
    assert contents(generation) == {"README.md": FILES["README.md"]}
    assert rebuilt(happened) == (generation["text"], contents(generation))


async def test_a_content_filter_is_not_asked_again(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)
    fake.script.append(Answer(files=FILES, stop_in="src/b.ts", finish="content_filter"))

    generation_id = await alice.generate(project_id, "CODE")
    happened = await events(alice, generation_id)

    assert (happened[-1]["status"], happened[-1]["reason"]) == ("INCOMPLETE", "CONTENT_FILTER")
    assert len(fake.requests) == 1


async def test_a_change_brings_only_the_files_that_change(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)
    base_id = await alice.generate(project_id, "CODE")
    await events(alice, base_id)
    fake.default = Answer(files={"src/b.ts": "export const b = 3;\n", "src/c.ts": "export const c = 4;\n"})

    changed_id = await alice.generate(project_id, "CODE", prompt="b is 3, and add c", baseGenerationId=base_id)
    happened = await events(alice, changed_id)

    changed = await found(alice, changed_id)
    whole = {**FILES, "src/b.ts": "export const b = 3;\n", "src/c.ts": "export const c = 4;\n"}
    assert contents(changed) == whole
    assert rebuilt(happened, FILES) == (changed["text"], whole)
    assert [e["path"] for e in happened if e["__typename"] == "FileCompleted"] == ["src/b.ts", "src/c.ts"]
    assert '"b is 3, and add c"' in fake.requests[-1].body["messages"][-1]["content"]
    diff = await alice.ask(
        "query($id: ID!, $base: ID!) { generation(id: $id) { diff(from: $base) { path change patch } }"
        " same: generation(id: $id) { diff { path change patch } }"
        " base: generation(id: $base) { diff { path change } } }",
        id=changed_id,
        base=base_id,
    )
    assert diff["same"] == diff["generation"]
    assert diff["base"]["diff"] == [{"path": path, "change": "ADDED"} for path in sorted(FILES)]
    assert diff["generation"]["diff"] == [
        {
            "path": "src/b.ts",
            "change": "CHANGED",
            "patch": "diff --git a/src/b.ts b/src/b.ts\n"
            "index 202103085ce76c654eae0528cbd05a6c47304560..f4082f00a4d2aa1476c81b2bbe37a811bda090cd 100644\n"
            "--- a/src/b.ts\n+++ b/src/b.ts\n@@ -1 +1 @@\n-export const b = 2;\n+export const b = 3;\n",
        },
        {
            "path": "src/c.ts",
            "change": "ADDED",
            "patch": "diff --git a/src/c.ts b/src/c.ts\nnew file mode 100644\n"
            "index 0000000000000000000000000000000000000000..41164e2208db64f556186d1b74cc4f5f7cb93329\n"
            "--- /dev/null\n+++ b/src/c.ts\n@@ -0,0 +1 @@\n+export const c = 4;\n",
        },
    ]


@pytest.mark.parametrize(("finish", "reason"), [("length", "MAX_TOKENS"), ("stop", "MISSING_FILES")])
async def test_a_change_that_was_cut_short_is_gone_on_with_as_a_change(
    alice: User, fake: FakeLLM, finish: str, reason: str
) -> None:
    project_id = await with_schema(alice, fake)
    base_id = await alice.generate(project_id, "CODE", prompt="Users and teams")
    await events(alice, base_id)
    new = {"src/b.ts": "export const b = 3;\n", "src/c.ts": "export const c = 4;\n"}
    within_manifest = encode("0" * 16, new, notes="Here it is.").index("src/c.ts")
    fake.default = Answer(files=new)
    fake.script.append(Answer(files=new, piece_size=1, stop_after=within_manifest, finish=finish))
    cut_id = await alice.generate(project_id, "CODE", prompt="b is 3, and add c", baseGenerationId=base_id)
    cut = await events(alice, cut_id)

    whole_id = (await alice.ask(CONTINUE, id=cut_id))["continueGeneration"]["generation"]["id"]
    whole = await events(alice, whole_id)

    asked = fake.requests[-1].body["messages"]
    assert (cut[-1]["status"], cut[-1]["reason"]) == ("INCOMPLETE", reason)
    assert (await found(alice, cut_id))["missingFiles"] == []
    assert whole[-1]["status"] == "COMPLETED"
    assert contents(await found(alice, whole_id)) == {**FILES, **new}
    assert 'Description: "Users and teams"' in asked[1]["content"]
    assert '"b is 3, and add c"' in asked[-1]["content"]


async def test_a_file_can_be_removed(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)
    base_id = await alice.generate(project_id, "CODE")
    await events(alice, base_id)
    fake.default = Answer(removed=["src/b.ts"], files={})

    changed_id = await alice.generate(project_id, "CODE", prompt="remove b", baseGenerationId=base_id)
    happened = await events(alice, changed_id)

    kept = {path: content for path, content in FILES.items() if path != "src/b.ts"}
    assert contents(await found(alice, changed_id)) == kept
    assert rebuilt(happened, FILES)[1] == kept


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "SCHEMA", "prompt": "x"}, "baseGenerationId"),
        ({"kind": "DOCUMENTATION", "prompt": "x"}, "baseGenerationId"),
        ({"kind": "CODE", "prompt": " "}, "prompt"),
        (
            {"kind": "CODE", "prompt": "x", "baseGenerationId": "generation_01kaaaaaaaaaaaaaaaaaaaaaaa"},
            "baseGenerationId",
        ),
    ],
)
async def test_a_base_that_does_not_fit_is_refused(
    alice: User, fake: FakeLLM, fields: dict[str, str], field: str
) -> None:
    project_id = await with_schema(alice, fake)
    base_id = await alice.generate(project_id, "CODE")
    await events(alice, base_id)
    fake.requests.clear()

    answer = await alice.result(
        "mutation($input: GenerateInput!) { generate(input: $input) { generation { id } userErrors { code field } } }",
        input={"projectId": project_id, "baseGenerationId": base_id, **fields},
    )

    assert answer["data"]["generate"] == {
        "generation": None,
        "userErrors": [{"code": "BAD_USER_INPUT", "field": [field]}],
    }
    assert fake.requests == []


async def test_a_conversation_goes_on(alice: User, fake: FakeLLM) -> None:
    project_id = (await alice.project())["id"]
    first_id = await alice.generate(project_id, "CHAT", prompt="What is a user?")
    await events(alice, first_id)
    second_id = await alice.generate(project_id, "CHAT", prompt="And a team?", baseGenerationId=first_id)

    happened = await events(alice, second_id)

    said = [message["content"] for message in fake.requests[-1].body["messages"][1:]]
    assert happened[-1]["status"] == "COMPLETED"
    assert said == ['"What is a user?"', 'You asked: "What is a user?"\n', '"And a team?"']
    assert (await found(alice, second_id))["text"] == 'You asked: "And a team?"\n'


async def test_a_text_that_was_cut_short_is_continued_where_it_ends(alice: User, fake: FakeLLM) -> None:
    project_id = (await alice.project())["id"]
    fake.script.append(Answer(["One, two,"], finish="length"))
    first_id = await alice.generate(project_id, "CHAT", prompt="Count.")
    first = await events(alice, first_id)
    fake.script.append(Answer([" three."]))

    second_id = (await alice.ask(CONTINUE, id=first_id))["continueGeneration"]["generation"]["id"]
    happened = await events(alice, second_id)

    assert (first[-1]["status"], first[-1]["reason"]) == ("INCOMPLETE", "MAX_TOKENS")
    assert rebuilt(happened)[0] == (await found(alice, second_id))["text"] == "One, two, three."
    assert fake.requests[-1].body["messages"][-2] == {"role": "assistant", "content": "One, two,"}


async def test_an_unknown_model_is_refused(alice: User, fake: FakeLLM) -> None:
    project_id = (await alice.project())["id"]
    fake.requests.clear()

    answer = await alice.result(
        "mutation($input: GenerateInput!) { generate(input: $input) { generation { id } userErrors { code field } } }",
        input={"projectId": project_id, "kind": "SCHEMA", "options": {"model": "gpt-0"}},
    )

    assert answer["data"]["generate"]["userErrors"] == [{"code": "BAD_USER_INPUT", "field": ["options", "model"]}]
    assert fake.requests == []


async def test_a_key_in_an_answer_is_redacted_wherever_it_is_cut(alice: User, fake: FakeLLM) -> None:
    project_id = (await alice.project())["id"]
    key = "sk-proj-1234567890abcdefghij"
    fake.script.append(Answer(list(f"Use {key}, please.")))

    generation_id = await alice.generate(project_id, "CHAT", prompt="Which key?")
    happened = await events(alice, generation_id)

    assert rebuilt(happened)[0] == "Use [redacted], please."
    assert (await found(alice, generation_id))["text"] == "Use [redacted], please."


async def test_a_key_that_two_generations_say_half_by_half_is_redacted(alice: User, fake: FakeLLM) -> None:
    project_id = (await alice.project())["id"]
    fake.script.append(Answer(["Use sk-proj-12345"], finish="length"))
    first_id = await alice.generate(project_id, "CHAT", prompt="Which key?")
    await events(alice, first_id)
    fake.script.append(Answer(["67890abcdefghij."]))

    second_id = (await alice.ask(CONTINUE, id=first_id))["continueGeneration"]["generation"]["id"]
    happened = await events(alice, second_id)

    assert rebuilt(happened)[0] == (await found(alice, second_id))["text"] == "Use [redacted]."


async def test_no_more_tokens_are_asked_for_than_the_user_allows(alice: User, fake: FakeLLM) -> None:
    project_id = await with_schema(alice, fake)

    await events(alice, await alice.generate(project_id, "CODE", options={"maxTokens": 20}))

    assert fake.requests[0].body["max_completion_tokens"] == 20


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_refusal_before_the_first_token_leaves_no_trace_but_a_failed_attempt(
    alice: User, fake: FakeLLM, status: int
) -> None:
    project_id = (await alice.project())["id"]
    fake.script.append(Status(status, headers={"retry-after": "0"}))

    generation_id = await alice.generate(project_id, "CHAT", prompt="Hello?")
    happened = await events(alice, generation_id)

    assert kinds(happened)[:2] == ["AttemptFailed", "AttemptStarted"]
    assert happened[-1]["status"] == "COMPLETED"
    attempts = (await found(alice, generation_id))["attempts"]
    assert [(each["outcome"], each["usage"]["outputTokens"]) for each in attempts] == [("COMPLETED", 7)]


@pytest.fixture
def checking(emulator: str, fake: FakeLLM, tmp_path: Path) -> Iterator[Server]:
    """Run a server that checks code, whose model is the fake."""
    config = settings(
        emulator,
        SNAPINFRA_DATA=str(tmp_path),
        GROQ_API_KEY="gsk_test",
        GROQ_BASE_URL=fake.groq_url,
        CODE_CHECKS="true",
    )
    with serving(config) as running:
        yield running


@pytest.mark.npm
async def test_code_that_does_not_parse_is_sent_back_once_and_checked_again(checking: Server, fake: FakeLLM) -> None:
    fake.script.clear()
    user = checking.user()
    project_id = await with_schema(user, fake)
    fake.script.append(Answer(files={**FILES, "src/b.ts": "export const b = ;\n"}))
    fake.default = Answer(files={"src/b.ts": FILES["src/b.ts"]})

    generation_id = await user.generate(project_id, "CODE")
    happened = await events(user, generation_id)

    checks = [(e["name"], e["checkState"]) for e in happened if e["__typename"] == "CheckFinished"]
    failed = [e["code"] for e in happened if e["__typename"] == "AttemptFailed"]
    generation = await found(user, generation_id)
    assert checks == [
        ("json", "PASSED"),
        ("syntax", "FAILED"),
        ("types", "SKIPPED"),
        ("security", "SKIPPED"),
        ("json", "PASSED"),
        ("syntax", "PASSED"),
        ("types", "SKIPPED"),
        ("security", "PASSED"),
    ]
    assert failed == ["CHECKS_FAILED"]
    assert "src/b.ts:1:18" in fake.requests[-1].body["messages"][-1]["content"]
    assert (generation["status"], contents(generation)) == ("COMPLETED", FILES)
    assert rebuilt(happened) == (generation["text"], FILES)


OPEN = """
import express from 'express';

export const app = express();
app.delete('/api/things/:id', async (request, response) => { response.status(204).end(); });
app.use((error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
  response.status(500).json({ message: 'Something went wrong.', stack: error.stack });
});
"""
SOUND = OPEN.replace("'/api/things/:id', async", "'/api/things/:id', authenticate, async").replace(
    ", stack: error.stack", ""
)


@pytest.mark.npm
async def test_code_that_trusts_everybody_is_sent_back_with_what_was_seen(checking: Server, fake: FakeLLM) -> None:
    fake.script.clear()
    user = checking.user()
    project_id = await with_schema(user, fake)
    fake.script.append(Answer(files={**FILES, "src/app.ts": OPEN}))
    fake.default = Answer(files={"src/app.ts": SOUND})

    generation_id = await user.generate(project_id, "CODE")
    happened = await events(user, generation_id)

    states = [e["checkState"] for e in happened if e["__typename"] == "CheckFinished" and e["name"] == "security"]
    asked = fake.requests[-1].body["messages"][-1]["content"]
    assert states == ["FAILED", "PASSED"]
    assert "src/app.ts:5:1 DELETE /api/things/:id knows nobody" in asked
    assert re.search(r"src/app\.ts:7:\d+ A stack trace leaves the process", asked)
    assert contents(await found(user, generation_id))["src/app.ts"] == SOUND


@pytest.mark.npm
async def test_code_that_still_does_not_parse_is_marked(checking: Server, fake: FakeLLM) -> None:
    fake.script.clear()
    user = checking.user()
    project_id = await with_schema(user, fake)
    fake.default = Answer(files={**FILES, "src/b.ts": "export const b = ;\n"})

    generation_id = await user.generate(project_id, "CODE")
    happened = await events(user, generation_id)

    marked = await user.ask(
        "query($id: ID!) { generation(id: $id) { checks { name state } files { path faults } } }", id=generation_id
    )
    assert happened[-1]["status"] == "COMPLETED"
    assert [check["state"] for check in marked["generation"]["checks"]] == ["PASSED", "FAILED", "SKIPPED", "SKIPPED"]
    assert {file["path"]: bool(file["faults"]) for file in marked["generation"]["files"]} == {
        "README.md": False,
        "src/a.ts": False,
        "src/b.ts": True,
    }


@pytest.mark.npm
async def test_what_the_scaffold_writes_passes_every_check(emulator: str, tmp_path: Path) -> None:
    config = settings(emulator, SNAPINFRA_DATA=str(tmp_path), CODE_CHECKS="true")
    with serving(config) as server:
        user = server.user()
        project_id = (await user.project())["id"]
        await events(user, await user.generate(project_id, "SCHEMA"))
        generation_id = await user.generate(project_id, "CODE")
        happened = await events(user, generation_id, patience=180)
        checks = (
            await user.ask("query($id: ID!) { generation(id: $id) { checks { name state } } }", id=generation_id)
        )["generation"]["checks"]

    expected = [("json", "PASSED"), ("syntax", "PASSED"), ("types", "PASSED"), ("security", "PASSED")]
    assert [(e["name"], e["checkState"]) for e in happened if e["__typename"] == "CheckFinished"] == expected
    assert [(check["name"], check["state"]) for check in checks] == expected
