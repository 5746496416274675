"""What the schema promises of usage, budgets and rates."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.bootstrap import opened, table_name
from services.core.actor import Actor, Role
from services.core.clock import utc_now
from services.core.errors import NotFound
from services.core.ids import TeamId, UserId
from services.core.tls import trusted
from services.foundation.auth.tokens import Subject
from services.foundation.aws.clients import connect
from services.generations.model import GENERATIONS
from services.usage.model import BUDGETS
from services.usage.model import USAGE as USAGE_ROWS
from tests.fakes.llm import Answer, FakeLLM, Hang, Status
from tests.services.usage.books import new_stage
from tests.snapinfra import Server, User, events, serving, settings

TOTALS = "attempts tokens inputTokens outputTokens cachedTokens reasoningTokens cost unpricedTokens"
USAGE = f"""
query($teamId: ID, $range: UsageRange) {{
  usage(teamId: $teamId, range: $range) {{
    firstDay lastDay tokens cost
    totals {{ {TOTALS} }}
    byModel {{ provider model {TOTALS} }}
    byKind {{ kind {TOTALS} }}
    byDay {{ day {TOTALS} }}
    budget {{ tokens {{ limit spent reserved left }} cost {{ limit spent reserved left }} resetsAt }}
  }}
}}"""
ATTEMPTS = """
query($id: ID!) {
  generation(id: $id) {
    attempts {
      attempt provider model outcome isEstimated cost
      usage { inputTokens outputTokens cachedTokens reasoningTokens }
    }
  }
}"""
GENERATE = """
mutation($input: GenerateInput!) {
  generate(input: $input) { generation { id } userErrors { message code field } }
}"""
NONE = dict.fromkeys(("attempts", "tokens", "inputTokens", "outputTokens", "cachedTokens", "reasoningTokens"), 0)


@pytest.fixture(scope="module")
def paid(emulator: str, fake: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with paid models, a budget, and three requests a minute."""
    config = settings(
        emulator,
        SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")),
        GROQ_API_KEY="k",
        GROQ_BASE_URL=fake.groq_url,
        GROQ_MODEL="groqs",
        OPENAI_API_KEY="k",
        OPENAI_BASE_URL=fake.openai_url,
        AI_PRICES='{"groqs": {"input": 0.1, "output": "0.333"}}',
        AI_TEAM_MONTHLY_TOKENS="1000000",
        AI_TEAM_MONTHLY_COST="2.5",
        AI_REQUESTS_PER_MINUTE="3",
    )
    with serving(config) as running:
        yield running


def month() -> tuple[str, str]:
    """Return today and the moment of the budget's end."""
    now = utc_now()
    year, number = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return now.date().isoformat(), f"{year}-{number:02}-01T00:00:00.000Z"


async def test_somebody_new_has_used_nothing_and_may_use_all_they_like(alice: User) -> None:
    usage = (await alice.ask(USAGE))["usage"]

    today, resets_at = month()
    assert usage["firstDay"] == f"{today[:8]}01"
    assert usage["lastDay"] >= today
    assert usage["totals"] == {**NONE, "cost": "0", "unpricedTokens": 0}
    assert (usage["byModel"], usage["byKind"], usage["byDay"]) == ([], [], [])
    assert usage["budget"] == {
        "tokens": {"limit": None, "spent": 0, "reserved": 0, "left": None},
        "cost": {"limit": None, "spent": "0", "reserved": "0", "left": None},
        "resetsAt": resets_at,
    }


async def test_the_scaffolds_tokens_count_and_cost_nothing(alice: User) -> None:
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")
    await events(alice, generation_id)

    (attempt,) = (await alice.ask(ATTEMPTS, id=generation_id))["generation"]["attempts"]
    usage = (await alice.ask(USAGE))["usage"]

    assert (attempt["provider"], attempt["outcome"], attempt["isEstimated"], attempt["cost"]) == (
        "scaffold",
        "COMPLETED",
        False,
        "0",
    )
    assert usage["tokens"] == attempt["usage"]["inputTokens"] + attempt["usage"]["outputTokens"] > 0
    assert usage["totals"]["unpricedTokens"] == 0
    assert usage["budget"]["tokens"] == {"limit": None, "spent": usage["tokens"], "reserved": 0, "left": None}


async def test_usage_is_exact_by_model_kind_and_day_with_what_failed(paid: Server, fake: FakeLLM) -> None:
    alice = paid.user()
    project_id = (await alice.project())["id"]
    fake.script.extend([Status(500), Answer()])
    first = await alice.generate(project_id, "SCHEMA")
    await events(alice, first)
    second = await alice.generate(project_id, "CODE")
    await events(alice, second)

    attempts = [
        attempt
        for generation_id in (first, second)
        for attempt in (await alice.ask(ATTEMPTS, id=generation_id))["generation"]["attempts"]
    ]
    usage = (await alice.ask(USAGE))["usage"]

    groq, openai = 11 * 100 + 7 * 333, 8 * 250 + 3 * 25 + 7 * 2000
    counted = {"inputTokens": 11, "outputTokens": 7, "cachedTokens": 3, "reasoningTokens": 2}
    assert [(one["provider"], one["model"], one["outcome"], one["usage"], one["cost"]) for one in attempts] == [
        ("openai", "gpt-5-mini", "COMPLETED", counted, shown(openai)),
        ("groq", "groqs", "COMPLETED", counted, shown(groq)),
    ]
    assert usage["totals"] == sums(2, 2, groq + openai)
    assert (usage["tokens"], usage["cost"]) == (36, shown(groq + openai))
    assert usage["byModel"] == [
        {"provider": "groq", "model": "groqs", **sums(1, 1, groq)},
        {"provider": "openai", "model": "gpt-5-mini", **sums(1, 1, openai)},
    ]
    assert usage["byKind"] == [
        {"kind": "CODE", **sums(1, 1, groq)},
        {"kind": "SCHEMA", **sums(1, 1, openai)},
    ]
    assert usage["byDay"] == [{"day": month()[0], **sums(2, 2, groq + openai)}]
    assert usage["budget"]["tokens"] == {"limit": 1_000_000, "spent": 36, "reserved": 0, "left": 999_964}
    assert usage["budget"]["cost"] == {
        "limit": "2.5",
        "spent": shown(groq + openai),
        "reserved": "0",
        "left": shown(2_500_000_000 - groq - openai),
    }


def shown(nanos: int) -> str:
    return f"{Decimal(nanos).scaleb(-9).normalize():f}"


def sums(attempts: int, answers: int, cost: int) -> dict[str, Any]:
    return {
        "attempts": attempts,
        "tokens": 18 * answers,
        "inputTokens": 11 * answers,
        "outputTokens": 7 * answers,
        "cachedTokens": 3 * answers,
        "reasoningTokens": 2 * answers,
        "cost": shown(cost),
        "unpricedTokens": 0,
    }


async def test_what_the_budget_has_no_room_for_is_a_user_error(paid: Server, fake: FakeLLM) -> None:
    fake.script.append(Hang())  # so that the first still holds what it has reserved
    alice = paid.user()
    project_id = (await alice.project())["id"]
    asked = {"projectId": project_id, "kind": "SCHEMA", "options": {"maxTokens": 200_000}}
    first = await alice.ask(GENERATE, input=asked)

    refused = await alice.result(GENERATE, input=asked)
    await alice.ask(
        "mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { userErrors { code } } }",
        id=first["generate"]["generation"]["id"],
    )

    assert first["generate"]["userErrors"] == []
    assert "errors" not in refused
    (error,) = refused["data"]["generate"]["userErrors"]
    assert refused["data"]["generate"]["generation"] is None
    assert (error["code"], error["field"]) == ("QUOTA_EXCEEDED", None)
    assert month()[1] in error["message"]


async def test_who_asks_too_often_is_told_when_to_come_back_and_a_repeat_is_not_counted(paid: Server) -> None:
    alice = paid.user()
    project_id = (await alice.project())["id"]
    asked = {"projectId": project_id, "kind": "SCHEMA"}
    once = await alice.ask(GENERATE, input={**asked, "clientMutationId": "c"})
    for _ in range(3):
        await alice.ask(GENERATE, input={**asked, "clientMutationId": "c"})
    await alice.generate(project_id, "SCHEMA")
    await alice.generate(project_id, "SCHEMA")

    refused = await alice.result(GENERATE, input=asked)
    repeated = await alice.ask(GENERATE, input={**asked, "clientMutationId": "c"})

    assert refused["data"] is None
    (error,) = refused["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfterMs"] <= 60_000
    assert repeated == once


@pytest.mark.parametrize(
    ("range", "field", "message"),
    [
        ({"from": "2026-02-01", "to": "2026-01-31"}, ["range", "to"], "to must not be before from."),
        ({"from": "2025-01-01", "to": "2026-01-02"}, ["range"], "A range has at most 366 days; this has 367."),
    ],
)
async def test_a_range_that_is_none_is_refused(
    alice: User,
    range: dict[str, str],
    field: list[str],
    message: str,
) -> None:
    answer = await alice.result(USAGE, range=range)

    assert answer["data"] == {"usage": None}
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT", "fields": [field]})


@pytest.mark.parametrize("day", ["2026-13-01", "20260131", "2026-01-31T00:00:00Z", ""])
async def test_a_day_that_is_none_is_refused(alice: User, day: str) -> None:
    answer = await alice.result(USAGE, range={"from": day, "to": "2026-01-31"})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["message"].endswith("Date must be a day written as 2026-01-31, from 1970 to 9999.")


async def test_a_range_holds_its_first_and_its_last_day_and_no_other(alice: User) -> None:
    await events(alice, await alice.generate((await alice.project())["id"], "SCHEMA"))
    today = utc_now().date()
    near = {offset: today.fromordinal(today.toordinal() + offset).isoformat() for offset in (-400, -365, -1, 0, 1, 365)}

    tokens = [
        (await alice.ask(USAGE, range={"from": near[first], "to": near[last]}))["usage"]["tokens"]
        for first, last in ((0, 0), (-365, 0), (0, 365), (-400, -365), (-1, -1), (1, 1))
    ]

    assert tokens[0] > 0
    assert tokens == [tokens[0]] * 3 + [0] * 3


async def test_another_teams_usage_looks_like_a_missing_teams(alice: User, bob: User) -> None:
    theirs = (await bob.ask("{ viewer { team { id } } }"))["viewer"]["team"]["id"]
    nobodys = f"{theirs[:-4]}0000"

    refused, absent = await alice.result(USAGE, teamId=theirs), await alice.result(USAGE, teamId=nobodys)

    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert str(refused).replace(theirs, "ID") == str(absent).replace(nobodys, "ID")


async def test_every_member_may_read_and_nobody_else(emulator: str, tmp_path: Path) -> None:
    config = new_stage(emulator, SNAPINFRA_DATA=str(tmp_path))
    async with opened(config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        services, team = process.services, TeamId("team_shared")
        own = await services.users.actor(Subject("user_viewer"))
        for role in Role:
            member = Actor(UserId("user_viewer"), {**own.roles, team: role}, own.personal_team_id)
            report = await services.usage.report(team, None, by=member)
            assert (await services.usage.budget(report)).tokens.spent == 0
        with pytest.raises(NotFound):
            await services.usage.report(team, None, by=own)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"options": {"model": "gpt-9"}}, ["options", "model"], "model must be one of: scaffold-1."),
        ({"options": {"temperature": 2.1}}, ["options", "temperature"], "temperature must be 0, or from 0.001 to 2."),
        (
            {"options": {"temperature": 1e-200}},
            ["options", "temperature"],
            "temperature must be 0, or from 0.001 to 2.",
        ),
        ({"options": {"topP": 0}}, ["options", "topP"], "topP must be from 0.001 to 1."),
        ({"options": {"topP": 1e-300}}, ["options", "topP"], "topP must be from 0.001 to 1."),
        ({"options": {"maxTokens": 0}}, ["options", "maxTokens"], "maxTokens must be from 1 to 200,000."),
        ({"options": {"maxTokens": 200_001}}, ["options", "maxTokens"], "maxTokens must be from 1 to 200,000."),
        ({"prompt": "x" * 8001}, ["prompt"], "prompt must have at most 8,000 characters; this has 8,001."),
        ({"prompt": "a\x00b"}, ["prompt"], "prompt must not contain NUL."),
    ],
)
async def test_a_prompt_or_options_out_of_bounds_are_refused_and_reserve_nothing(
    alice: User, fields: dict[str, Any], field: list[str], message: str
) -> None:
    project_id = (await alice.project())["id"]

    answer = await alice.result(GENERATE, input={"projectId": project_id, "kind": "SCHEMA", **fields})

    assert answer["data"]["generate"] == {
        "generation": None,
        "userErrors": [{"message": message, "code": "BAD_USER_INPUT", "field": field}],
    }
    assert (await alice.ask(USAGE))["usage"]["budget"]["tokens"]["reserved"] == 0


async def test_half_a_surrogate_pair_is_refused(alice: User) -> None:
    asked = {"projectId": (await alice.project())["id"], "kind": "SCHEMA", "prompt": "a\ud800b"}

    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(
            alice.url,
            content=json.dumps({"query": GENERATE, "variables": {"input": asked}}),
            headers={"authorization": f"Bearer {alice.token}", "content-type": "application/json"},
        )

    (error,) = answer.json()["data"]["generate"]["userErrors"]
    assert (error["field"], error["message"]) == (["prompt"], "prompt must not contain half of a surrogate pair.")


SHOWN = """
query($id: ID!) {
  generation(id: $id) {
    usage { inputTokens outputTokens cachedTokens }
    attempts { cost usage { inputTokens reasoningTokens } }
  }
  generations { edges { node { id usage { inputTokens outputTokens } } } }
}"""
COUNTS = frozenset({"inputTokens", "outputTokens", "cachedTokens", "reasoningTokens", "unpricedTokens", "cost"})
SUMS = frozenset({"committedTokens", "committedCost", "spentTokens", "spentCost"})


def with_counts(attribute: Any, count: int) -> Any:
    """Return a stored attribute with every count of tokens and costs in it as given."""
    match attribute:
        case {"M": fields}:
            return {
                "M": {k: {"N": str(count)} if k in COUNTS | SUMS else with_counts(v, count) for k, v in fields.items()}
            }
        case {"L": items}:
            return {"L": [with_counts(item, count) for item in items]}
        case _:
            return attribute


@pytest.mark.parametrize("stored", [-1_000_000, 2**53, 2**63 - 1, 10**30])
async def test_counts_that_should_never_have_been_stored_are_shown(server: Server, alice: User, stored: int) -> None:
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")
    await events(alice, generation_id)
    team_id = (await alice.ask("{ viewer { team { id } } }"))["viewer"]["team"]["id"]
    aws = connect(region="us-east-1", endpoint=str(server.config.aws_endpoint_url))
    for spec in (GENERATIONS, USAGE_ROWS, BUDGETS):
        name = table_name(server.config, spec)
        items: list[Any] = aws.dynamodb.scan(TableName=name)["Items"]
        for item in items:
            if item["id"]["S"] == generation_id or team_id in item["id"]["S"]:
                aws.dynamodb.put_item(TableName=name, Item=with_counts({"M": item}, stored)["M"])
    aws.close()

    shown = await alice.result(SHOWN, id=generation_id)
    usage = await alice.result(USAGE)

    assert ("errors" in shown, "errors" in usage) == (False, False)
    within = max(-(2**53) + 1, min(stored, 2**53 - 1))
    assert shown["data"]["generation"]["usage"]["inputTokens"] == within
    assert shown["data"]["generations"]["edges"][0]["node"]["usage"]["outputTokens"] == within
    assert usage["data"]["usage"]["totals"]["inputTokens"] == within
    assert usage["data"]["usage"]["budget"]["tokens"]["spent"] == within
