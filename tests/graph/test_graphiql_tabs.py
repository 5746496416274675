"""The promise that what GraphiQL's tabs ask works, from the first to the last, for somebody new."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import OperationDefinitionNode, parse, print_ast, separate_operations, validate

from services.core.clock import iso, utc_now
from tests.fakes.receiver import Receiver
from tests.sdl import sdl_schema
from tests.snapinfra import Server, User

TABS: Final = Path(__file__).parent.parent.parent / "graph/graphiql/src/tabs"
GENERATING: Final = (
    "GenerateSchema",
    "GenerateCode",
    "DrawArchitecture",
    "WriteDocumentation",
    "AskQuestion",
    "ChangeSchema",
    "ChangeCode",
)
_ID: Final = re.compile(r"(project|generation|deployment|team|webhook)_[0-9a-z]{26}")


@dataclass
class Explorer:
    """Somebody who runs operations of the tabs with their variables, filled in as the page does."""

    user: User
    key: str = ""
    latest: dict[str, str] = field(default_factory=dict[str, str])

    async def runs(self, operation: str, **own: Any) -> Any:
        """Run a query or mutation with nothing to complain of, and return its data."""
        document, variables = self._asked(operation, own)
        user = replace(self.user, token=self.key) if operation == "RecordEvents" else self.user
        data = await user.ask(document, **variables)
        for found in _ID.finditer(json.dumps(data)) if document.startswith("mutation") else ():
            self.latest[found[1]] = found[0]
        if operation.endswith("Code"):
            self.latest["code"] = self.latest["generation"]
        return data

    @asynccontextmanager
    async def watches(self, operation: str) -> AsyncGenerator[AsyncIterator[Any]]:
        """Follow a subscription for the length of the block."""
        document, variables = self._asked(operation, {})
        async with asyncio.timeout(60), aclosing(self.user.follow(document, **variables)) as results:
            yield (next(iter(result["data"].values())) async for result in results)

    async def generates(self, operation: str) -> dict[str, Any]:
        """Ask for a generation and return the last event of tab 3."""
        await self.runs(operation)
        async with self.watches("Watch") as happened:
            return [event async for event in happened][-1]

    def _asked(self, operation: str, own: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        (tab,) = (path for path in TABS.glob("*.graphql") if operation in separate_operations(parse(path.read_text())))
        document = separate_operations(parse(tab.read_text()))[operation]
        (asked,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        variables = json.loads(tab.with_suffix(".json").read_text()) | own
        names = [definition.variable.name.value for definition in asked.variable_definitions or ()]
        return print_ast(document), {name: self._filled(name, variables[name]) for name in names}

    def _filled(self, name: str, value: Any) -> Any:
        match value:
            case "latest":
                return self.latest[name.removesuffix("Id")]
            case "now":
                return iso(utc_now())
            case dict():
                return {key: self._filled(key, inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
            case list():
                return [self._filled("", inner) for inner in value]  # pyright: ignore[reportUnknownVariableType] - JSON
            case _:
                return value


def test_every_tab_says_what_it_shows_is_valid_and_has_the_variables_that_it_needs() -> None:
    schema = sdl_schema()
    tabs = sorted(TABS.glob("*.graphql"))

    assert [tab.name[0] for tab in tabs] == list("123456789")
    for number, tab in enumerate(tabs, start=1):
        document = parse(tab.read_text())
        assert tab.read_text().startswith(f"# {number}. "), tab
        assert max(len(line) for line in tab.read_text().splitlines() if line.startswith("#")) <= 57, tab
        assert validate(schema, document) == [], tab
        needed = {
            variable.variable.name.value
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
            for variable in node.variable_definitions or ()
        }
        assert set(json.loads(tab.with_suffix(".json").read_text())) == needed, tab


async def test_the_tabs_generate_all_five_kinds_and_a_change(alice: User) -> None:
    explorer = Explorer(alice)
    await explorer.runs("Create")

    ends = {operation: await explorer.generates(operation) for operation in GENERATING}
    project = (await explorer.runs("ReadProject"))["project"]
    difference = (await explorer.runs("ReadDifference"))["generation"]
    dashboard = await explorer.runs("Dashboard")
    activity = (await explorer.runs("ReadActivity"))["project"]["activity"]["nodes"]

    assert {operation: end["status"] for operation, end in ends.items()} == dict.fromkeys(GENERATING, "COMPLETED")
    assert project["schema"]["version"] == 2
    assert project["architecture"]["mermaid"].startswith("flowchart")
    assert project["documentation"]["nodes"]
    assert [it["number"] for it in project["generations"]["nodes"]] == [7, 6, 5, 4, 3, 2, 1]
    assert (difference["number"], difference["base"]["number"]) == (7, 2)
    assert "src/models/invitations.ts" in {file["path"] for file in difference["diff"] if file["change"] == "ADDED"}
    assert dashboard["dashboard"]["generationsThisMonth"] == len(GENERATING)
    assert dashboard["usage"]["totals"]["attempts"] == len(GENERATING)
    assert [it["verb"] for it in activity] == ["COMPLETED", "CREATED"] * len(GENERATING) + ["CREATED"]


@pytest.mark.npm
@pytest.mark.timeout(120)
async def test_the_tabs_deploy_restart_and_stop(alice: User) -> None:
    explorer = Explorer(alice)
    await explorer.runs("Create")
    for operation in ("GenerateSchema", "GenerateCode"):
        await explorer.generates(operation)

    targets = (await explorer.runs("ListTargets"))["deploymentTargets"]
    await explorer.runs("Deploy")
    statuses: list[str] = []
    async with explorer.watches("WatchLogs") as happened:
        async for event in happened:
            statuses += [event["status"]] if "status" in event else []
            if event.get("status") == "SUCCESS" and statuses.count("SUCCESS") == 1:
                await explorer.runs("Restart")
            if event.get("step") == "restart" and event["state"] == "SUCCEEDED":
                await explorer.runs("Stop")

    assert {"platform": "LOCAL", "missingIntegrations": []} in targets
    assert statuses[-1] == "STOPPED"


async def test_the_tabs_share_a_team_and_record_with_its_key(server: Server, alice: User, bob: User) -> None:
    explorer = Explorer(alice)
    await explorer.runs("CreateTeam")
    invited = (await explorer.runs("InviteMember"))["inviteMember"]
    await bob.ask(
        "mutation($token: String!) { acceptInvitation(input: {token: $token}) { userErrors { message } } }",
        token=invited["token"],
    )
    explorer.key = (await explorer.runs("CreateKey"))["createApiKey"]["text"]

    recorded = [(await explorer.runs("RecordEvents"))["recordEvents"] for _ in range(2)]
    team = (await explorer.runs("ReadTeam"))["team"]
    metrics = await explorer.runs("ReadMetrics")
    async with explorer.watches("WatchMetrics") as totals:
        live = await anext(totals)

    assert [(it["acceptedCount"], it["duplicateCount"]) for it in recorded] == [(2, 0), (0, 2)]
    assert [member["role"] for member in team["members"]["nodes"]] == ["EDITOR", "OWNER"]
    assert team["invitations"]["nodes"] == []
    assert [key["name"] for key in team["apiKeys"]["nodes"]] == ["Backend"]
    assert metrics["metricsOverview"]["totals"]["eventCount"] == 2
    assert [session["sessionId"] for session in metrics["sessions"]["nodes"]] == ["visit-1"]
    assert live["today"]["eventCount"] == 2


async def test_the_tabs_tell_a_webhook_and_show_what_it_answered(alice: User) -> None:
    explorer = Explorer(alice)
    with Receiver() as receiver:
        await explorer.runs("CreateWebhook", url=receiver.url)
        await explorer.runs("TestWebhook")
        await receiver.until(1)
        async with asyncio.timeout(30):
            while (delivery := (await deliveries(explorer))[0])["state"] == "PENDING":
                continue

    assert (delivery["event"], delivery["state"], delivery["responseStatus"]) == ("WEBHOOK_TEST", "DELIVERED", 204)


async def deliveries(explorer: Explorer) -> list[Any]:
    return (await explorer.runs("ReadDeliveries"))["webhook"]["deliveries"]["nodes"]


async def test_the_last_tab_shows_what_is_done_from_now_on(alice: User) -> None:
    explorer = Explorer(alice)

    async with explorer.watches("WatchActivity") as happening:
        event = asyncio.ensure_future(anext(happening))
        while not event.done():  # the subscription begins some time after it was sent
            await explorer.runs("Create")
            await asyncio.wait([event], timeout=0.2)

    assert event.result()["activity"]["verb"] == "CREATED"
    assert event.result()["activity"]["title"] == "User management"
