"""What somebody who opens GraphiQL sees: the main job and the rest in its tabs, in a real Chromium."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from graphql import parse, separate_operations

from services.core.frozen import frozen
from services.core.tls import trusted
from tests.e2e.browser import Page, PageError, opened
from tests.e2e.proxy import before
from tests.snapinfra import Server, User, events, rebuilt

pytestmark = pytest.mark.browser

_FILES: Final = Path(__file__).parent.parent.parent / "graph/graphiql/src/tabs"

TABS: Final = [list(separate_operations(parse(path.read_text()))) for path in sorted(_FILES.glob("*.graphql"))]
"""The names of the operations in each tab."""
MAIN_JOB: Final = ("Create", "GenerateSchema", "Watch", "GenerateCode", "Watch")

_TAB: Final = "document.querySelectorAll('.graphiql-tab-button')[%d]"
_LINES: Final = """
  [...document.querySelectorAll('%s .view-line')]
    .sort((one, other) => one.offsetTop - other.offsetTop)
    .map(line => line.innerText.replaceAll('\\u00a0', ' ')).join('\\n')"""
_RESULT: Final = _LINES % ".result-window"
_QUERY: Final = _LINES % ".graphiql-query-editor"
_BUTTON: Final = "document.querySelector('.graphiql-execute-button')"
_CHOOSE: Final = f"""(() => {{
  const item = [...document.querySelectorAll('[role=menuitem]')].find(item => item.innerText === '%s');
  if (item) item.click();
  else {_BUTTON}.dispatchEvent(new PointerEvent('pointerdown', {{bubbles: true}}));
  return !!item;
}})()"""
"""Opens the menu, or closes one that is not this tab's yet; true once the operation is chosen."""


@frozen
class Explorer:
    """Somebody who reads GraphiQL and presses its buttons."""

    page: Page

    async def run(self, operation: str) -> None:
        """Open the tab that has an operation, press play, and choose it where there are several."""
        if len(await self.open(operation)) == 1:
            await self.page.until(f"!{_BUTTON}.ariaHasPopup")
            await self.press()
        else:
            await self.page.until(_CHOOSE % operation)

    async def open(self, operation: str) -> list[str]:
        """Open the tab that has an operation; return the names of all its operations."""
        number, names = next((number, names) for number, names in enumerate(TABS) if operation in names)
        button = _TAB % number
        await self.page.until(f"!document.querySelector('#page').inert && !!{button}")
        await self.page.evaluate(f"{button}.click()")
        await self.page.until(f"({_QUERY}).includes(' {names[0]}')")
        return names

    async def press(self) -> None:
        """Press play, or stop where something runs."""
        await self.page.click(".graphiql-execute-button")

    async def sees(self, pattern: str, *, seconds: float = 15) -> list[str]:
        """Wait until the result matches a JavaScript pattern; return the match and its groups."""
        return await self.page.until(f"({_RESULT}).match({json.dumps(pattern)})", seconds=seconds)

    async def sees_the_end(self) -> None:
        """Wait until nothing runs."""
        await self.page.until(f"{_BUTTON}.ariaLabel.startsWith('Execute')")

    async def creates(self, operation: str, kind: str) -> str:
        """Run an operation and return the id of what it created."""
        await self.run(operation)
        return (await self.sees(f'"id": "({kind}_[0-9a-z]{{26}})"'))[1]


@asynccontextmanager
async def exploring(browser: str, user: User) -> AsyncGenerator[Explorer]:
    """Open GraphiQL as a user for the length of the block."""
    async with opened(browser) as page:
        await page.goto(f"{user.url}#token={user.token}")
        yield Explorer(page)


async def test_the_tabs_lead_from_a_sentence_to_code(browser: str, server: Server, alice: User, tmp_path: Path) -> None:
    async with exploring(browser, alice) as explorer:
        project_id = await explorer.creates("Create", "project")
        schema_id = await explorer.creates("GenerateSchema", "generation")
        await explorer.run("Watch")
        await explorer.sees('"TokenDelta",[^}]*"text": "[^"]')
        schema_end = (await explorer.sees('"GenerationFinished",\\s+"cursor": "(.+)",[^}]+"COMPLETED"'))[1]
        await explorer.sees_the_end()
        schema_text = rebuilt(shown(explorer.page))[0]
        code_id = await explorer.creates("GenerateCode", "generation")
        await explorer.run("Watch")
        await explorer.sees('"FileCompleted",[^}]*"path": ".+"')
        code_end = (await explorer.sees('"GenerationFinished",\\s+"cursor": "(.+)",[^}]+"COMPLETED"'))[1]
        await explorer.sees_the_end()
        picture = await explorer.page.screenshot()
        await explorer.run("Dashboard")
        projects = await explorer.sees('"projectCount": (.+),[^]+"recentProjects":[^{]+{\\s+"id": "(.+)",[^}]+"READY"')

    (tmp_path / "graphiql.png").write_bytes(picture)
    assert picture.startswith(b"\x89PNG")
    assert schema_text == await text_of(alice, schema_id)
    assert schema_id != code_id
    for generation_id, end in ((schema_id, schema_end), (code_id, code_end)):
        assert await project_of(alice, generation_id) == project_id
        assert (await events(alice, generation_id))[-1]["cursor"] == end
    assert projects[1:] == ["1", project_id]
    assert explorer.page.requests_beyond(server.origin) == []
    assert explorer.page.errors == []


async def test_the_page_shows_its_tabs_and_hides_the_token(browser: str, alice: User) -> None:
    async with exploring(browser, alice) as explorer:
        await explorer.open("Dashboard")

        titles = await explorer.page.evaluate("[...document.querySelectorAll('.graphiql-tab')].map(t => t.innerText)")
        address = await explorer.page.evaluate("location.href")
        stored = await explorer.page.evaluate("JSON.stringify(localStorage)")

    assert titles == [names[0] for names in TABS]
    assert address == alice.url
    assert alice.token not in stored


async def test_somebody_without_a_token_is_told_how_to_get_one(browser: str, server: Server) -> None:
    async with opened(browser) as page:
        await page.goto(server.url)

        notice = await page.until("document.querySelector('[role=status]')?.innerText")

    assert "snapinfra token --user alice" in notice


async def test_a_tab_run_too_early_says_what_is_missing(browser: str, alice: User) -> None:
    async with exploring(browser, alice) as explorer:
        await explorer.run("Watch")

        said = await explorer.sees('"message": "([^"]+)"')
        result = await explorer.page.evaluate(_RESULT)

    assert " ".join(said[1].split()) == (
        "There is no generation yet: run the tabs from the left, or put an id in the variables."
    )
    assert "stack" not in result


async def test_a_subscription_goes_on_where_its_lost_connection_ended(browser: str, alice: User) -> None:
    async with before(alice.url, cuts=(0, 3, 4)) as proxy, exploring(browser, proxy.user(alice)) as explorer:
        await explorer.creates("Create", "project")
        generation_id = await explorer.creates("GenerateSchema", "generation")
        await explorer.run("Watch")
        await explorer.sees('"GenerationFinished",[^}]+"COMPLETED"')
        await explorer.sees_the_end()
        happened = shown(explorer.page)

    numbers = [event["seq"] for event in happened]
    assert proxy.sockets == 4
    assert numbers == sorted(set(numbers))
    assert rebuilt(happened)[0] == await text_of(alice, generation_id)


async def test_a_key_that_one_tab_makes_records_events_in_the_next(browser: str, alice: User) -> None:
    async with exploring(browser, alice) as explorer:
        await explorer.run("RecordEvents")
        said = await explorer.sees('"message": "([^"]+)"')
        await explorer.creates("CreateTeam", "team")
        await explorer.run("CreateKey")
        key = (await explorer.sees('"text":\\s+"(snapinfra_\\w+)'))[1]  # its first line
        await explorer.run("RecordEvents")
        await explorer.sees('"acceptedCount": 2')
        await explorer.run("ReadMetrics")
        await explorer.sees('"eventCount": 2')
        stored = await explorer.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")

    assert " ".join(said[1].split()) == "There is no API key yet: run CreateKey in tab 6, or put one in the headers."
    assert key not in stored
    assert explorer.page.errors == []


@pytest.mark.npm
async def test_the_tabs_lead_on_to_a_backend_that_answers(browser: str, server: Server, alice: User) -> None:
    async with exploring(browser, alice) as explorer:
        for operation in MAIN_JOB:
            await explorer.run(operation)
            await explorer.sees('"(QUEUED|DRAFT|COMPLETED)"')
            await explorer.sees_the_end()
        deployment_id = await explorer.creates("Deploy", "deployment")
        await explorer.run("WatchLogs")
        url = (await explorer.sees('"status": "SUCCESS",\\s+"url": "(http.+)"', seconds=120))[1]

        async with httpx.AsyncClient(verify=trusted(), base_url=url) as http:
            health = await http.get("/health")
        await explorer.press()
        await explorer.sees_the_end()
        await explorer.run("Dashboard")
        runs = await explorer.sees('"DEPLOYED",\\s+"latestDeployment": {\\s+"status": "(.+)",\\s+"url": "(.+)"')

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert runs[1:] == ["SUCCESS", url]
    assert explorer.page.requests_beyond(server.origin) == []
    assert explorer.page.errors == []
    await stop(alice, deployment_id)


async def test_the_browser_of_these_tests_reaches_nothing_else_and_tells_who_tried(
    browser: str, server: Server
) -> None:
    async with opened(browser) as page:
        with pytest.raises(PageError, match="Failed to fetch"):
            await page.evaluate("fetch('http://snapinfra.example/')")
        async with asyncio.timeout(10):
            await page.until("true")

    assert page.requests_beyond(server.origin) == ["http://snapinfra.example/"]
    assert [re.sub(r" http\S+", "", error) for error in page.errors] == [
        "Failed to load resource: net::ERR_NAME_NOT_RESOLVED"
    ]


async def test_the_page_itself_reaches_no_other_server(browser: str, server: Server) -> None:
    async with opened(browser) as page:
        await page.goto(server.url)
        await page.until("!!document.querySelector('.graphiql-tab')")

        with pytest.raises(PageError, match="Failed to fetch"):
            await page.evaluate("fetch('http://snapinfra.example/')")
        async with asyncio.timeout(10):
            await page.until("true")

    assert page.requests_beyond(server.origin) == []
    assert len(page.errors) > 0
    assert all("Content Security Policy" in error for error in page.errors)


def shown(page: Page) -> list[Any]:
    """Return the events of generations that came, in order."""
    messages = [json.loads(text) for text in page.received]
    return [message["payload"]["data"]["generationEvents"] for message in messages if message["type"] == "next"]


async def project_of(user: User, generation_id: str) -> str:
    result = await user.ask("query($id: ID!) { generation(id: $id) { project { id } } }", id=generation_id)
    return result["generation"]["project"]["id"]


async def text_of(user: User, generation_id: str) -> str:
    result = await user.ask("query($id: ID!) { generation(id: $id) { text } }", id=generation_id)
    return result["generation"]["text"]


async def stop(user: User, deployment_id: str) -> None:
    """Stop a backend, so that it does not run on beside the tests that follow."""
    await user.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { message } } }",
        id=deployment_id,
    )
