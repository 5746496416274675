"""What administrators can do, and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.foundation.aws.clients import connect
from services.foundation.aws.queue import Queue
from tests.fakes.llm import FakeLLM, Hang, Status
from tests.snapinfra import Server, events, rebuilt, serving, settings

STATUS = "{ queueStatus { name waiting inFlight dead oldestAge } }"
REDRIVE = """
mutation($id: ID!) {
  redriveJob(input: {generationId: $id}) {
    job { jobId status teamId } generation { status prompt } userErrors { code message }
  }
}"""


@pytest.fixture
def flaky(emulator: str, tmp_path: Path) -> Iterator[Server]:
    """Run a server whose model refuses the first request and is well afterwards."""
    with FakeLLM([Status(401)]) as fake:
        config = settings(emulator, SNAPINFRA_DATA=str(tmp_path), GROQ_API_KEY="gsk_test", GROQ_BASE_URL=fake.groq_url)
        with serving(config) as running:
            yield running


@pytest.fixture
def slow(emulator: str, tmp_path: Path) -> Iterator[Server]:
    """Run a server whose model never answers."""
    with FakeLLM(default=Hang()) as fake:
        config = settings(emulator, SNAPINFRA_DATA=str(tmp_path), GROQ_API_KEY="gsk_test", GROQ_BASE_URL=fake.groq_url)
        with serving(config) as running:
            yield running


async def test_an_administrator_sees_the_queues(server: Server) -> None:
    queues = (await server.user("root").ask(STATUS))["queueStatus"]

    assert [queue["name"].rsplit("-", 1)[0] for queue in queues] == [
        "snapinfra-code-generation",
        "snapinfra-deployments",
        "snapinfra-notifications",
    ]


async def test_an_administrator_sees_the_jobs_that_no_worker_could_end(server: Server, emulator: str) -> None:
    alice, root = server.user(), server.user("root")
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")
    await events(alice, generation_id)
    aws = connect(region=server.config.aws_region, endpoint=emulator)
    await Queue(aws=aws, name=server.config.name_of(server.config.generation_queue)).bury(generation_id)

    dead = await root.ask("{ deadJobs { jobId queue status attempt } }")
    refused = await alice.result("{ deadJobs { jobId } }")
    aws.close()

    assert {"jobId": generation_id, "queue": "snapinfra-code-generation", "status": "COMPLETED", "attempt": 1} in [
        {**job, "queue": job["queue"].rsplit("-", 1)[0]} for job in dead["deadJobs"]
    ]
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_oldest_age_is_of_jobs_that_have_not_ended(slow: Server) -> None:
    alice, root = slow.user(), slow.user("root")
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")

    waiting = await root.ask(STATUS)
    await alice.ask(
        "mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { generation { status } } }",
        id=generation_id,
    )
    await events(alice, generation_id)
    ended = await root.ask(STATUS)

    assert waiting["queueStatus"][0]["oldestAge"] >= 0
    assert waiting["queueStatus"][1]["oldestAge"] is None
    assert ended["queueStatus"][0]["oldestAge"] is None


async def test_others_may_not_see_the_queues_or_put_jobs_back(server: Server) -> None:
    alice = server.user()
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")

    seen = await alice.result(STATUS)
    put_back = await alice.result(REDRIVE, id=generation_id)

    assert seen["data"] == {"queueStatus": None}
    assert [answer["errors"][0]["extensions"]["code"] for answer in (seen, put_back)] == ["FORBIDDEN"] * 2


async def test_a_failed_generation_that_is_put_back_streams_anew_and_ends(flaky: Server) -> None:
    alice, root = flaky.user(), flaky.user("root")
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")
    failed = await events(alice, generation_id)

    put_back = await root.ask(REDRIVE, id=generation_id)
    again = await events(alice, generation_id, after=failed[-1]["cursor"])
    twice = await root.result(REDRIVE, id=generation_id)

    assert failed[-1]["status"] == "FAILED"
    assert put_back["redriveJob"]["job"]["status"] == "QUEUED"
    assert put_back["redriveJob"]["job"]["jobId"] == generation_id
    assert put_back["redriveJob"]["generation"] is None, "what another team asked for is not for administrators"
    assert (again[0]["__typename"], again[-1]["status"]) == ("StreamGap", "COMPLETED")
    text = (await alice.ask("query($id: ID!) { generation(id: $id) { text } }", id=generation_id))["generation"]["text"]
    assert rebuilt(again)[0] == text
    assert twice["data"]["redriveJob"] == {
        "job": None,
        "generation": None,
        "userErrors": [
            {"code": "CONFLICT", "message": "Only a FAILED generation can be put back; it is COMPLETED."},
        ],
    }


async def test_an_administrator_is_shown_their_own_teams_generation(flaky: Server) -> None:
    root = flaky.user("root")
    generation_id = await root.generate((await root.project())["id"], "SCHEMA")
    await events(root, generation_id)

    put_back = await root.ask(REDRIVE, id=generation_id)

    assert put_back["redriveJob"]["generation"]["status"] == "QUEUED"
