"""What somebody sees who opens the console: from a sentence to a backend that answers, in a real Chromium."""

import json
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.core.tls import trusted
from tests.e2e.browser import Page, opened
from tests.e2e.proxy import before
from tests.snapinfra import Server, User, serving, settings

pytestmark = pytest.mark.browser

SENTENCE = "A library with books and members"
FILES = "[...document.querySelectorAll('.files nav button')].map(button => button.innerText)"
TYPE = """(() => {
  const field = document.querySelector(%s);
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
  own.set.call(field, %s);
  field.dispatchEvent(new Event('input', {bubbles: true}));
})()"""
"""Types as a user does: React hears of it."""
BUTTON = "[...document.querySelectorAll('button')].find(button => button.innerText === '%s')"
STATUS = "[...document.querySelectorAll('[role=status]')].map(status => status.innerText)"


@pytest.fixture(scope="module")
def slow(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Somebody whose generations take a while."""
    data = str(tmp_path_factory.mktemp("slow"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, SCAFFOLD_TOKENS_PER_SECOND="20")) as server:
        yield server.user()


@asynccontextmanager
async def console(browser: str, user: User) -> AsyncGenerator[Page]:
    """Open the console as a user."""
    async with opened(browser) as page:
        await page.goto(f"{user.url.removesuffix('/graphql')}/#token={user.token}")
        await page.until("!!document.querySelector('#sentence')")
        yield page


async def make(page: Page, sentence: str) -> None:
    await page.evaluate(TYPE % ("'#sentence'", json.dumps(sentence)))
    await page.until("!document.querySelector('form > button').disabled")
    await page.click("form > button")


@pytest.mark.npm
async def test_a_sentence_and_two_clicks_make_a_backend_that_answers(
    browser: str, server: Server, alice: User, tmp_path: Path
) -> None:
    async with console(browser, alice) as page:
        await make(page, SENTENCE)
        await page.until("[...document.querySelectorAll('.card h3')].some(name => name.innerText === 'books')")
        await page.until(f"({STATUS}).join() === 'completed,completed,completed'", seconds=60)
        files = await page.evaluate(FILES)
        await page.until("!!" + BUTTON % "Run it")
        await page.evaluate(BUTTON % "Run it" + ".click()")
        url = await page.until("document.querySelector('.url a')?.href", seconds=120)
        (tmp_path / "console.png").write_bytes(await page.screenshot())
        async with httpx.AsyncClient(verify=trusted()) as http:
            health = await http.get(f"{url}health")
        await page.evaluate(BUTTON % "Stop" + ".click()")
        await page.until("!document.querySelector('.url')", seconds=30)
        await page.until("!!" + BUTTON % "Run it")

    assert {"package.json", "README.md"} <= set(files)
    assert health.status_code == 200
    assert page.errors == []
    assert page.requests_beyond(server.origin) == []


async def test_a_page_that_is_loaded_again_goes_on_where_it_was(browser: str, alice: User) -> None:
    async with console(browser, alice) as page:
        await make(page, SENTENCE)
        await page.until("document.querySelectorAll('.card').length > 1")
        await page.evaluate("location.reload()")
        await page.until(f"({STATUS}).join() === 'completed,completed,completed'", seconds=60)
        project = re.search(r"project=(\w+)", await page.evaluate("location.search"))

    assert project is not None
    asked = await alice.ask(
        "query($id: ID!) { project(id: $id) { generations(first: 10) { nodes { kind } } } }", id=project[1]
    )
    kinds = [generation["kind"] for generation in asked["project"]["generations"]["nodes"]]
    assert sorted(kinds) == ["ARCHITECTURE", "CODE", "SCHEMA"], "each was made once"


async def test_what_was_canceled_begins_again_when_somebody_says_so_and_not_before(browser: str, slow: User) -> None:
    async with console(browser, slow) as page:
        await make(page, SENTENCE)
        await page.until("!!" + BUTTON % "Cancel")
        await page.evaluate(BUTTON % "Cancel" + ".click()")
        await page.until(f"({STATUS}).join() === 'canceled'")
        await page.evaluate("location.reload()")
        await page.until(f"({STATUS}).join() === 'canceled'")
        await page.evaluate(BUTTON % "Try again" + ".click()")
        await page.until("document.querySelectorAll('.card').length > 0", seconds=30)


async def test_a_connection_that_breaks_in_the_middle_loses_nothing(browser: str, alice: User) -> None:
    async with before(alice.url, cuts=(4, 9, 3, None)) as proxy, console(browser, proxy.user(alice)) as page:
        await make(page, SENTENCE)
        await page.until(f"({STATUS}).join() === 'completed,completed,completed'", seconds=90)
        files = await page.evaluate(FILES)

    assert "package.json" in files


async def test_whoever_is_not_signed_in_is_asked_for_a_token(browser: str, server: Server, alice: User) -> None:
    async with opened(browser) as page:
        await page.goto(f"{server.origin}/")
        await page.until("document.querySelector('h1')?.innerText === 'Sign in'")
        await page.evaluate(TYPE % ("'#token'", json.dumps(alice.token)))
        await page.click("form > button")
        await page.until("!!document.querySelector('#sentence')")
        await page.click("header button")
        await page.until("document.querySelector('h1')?.innerText === 'Sign in'")


async def test_a_token_that_does_not_hold_leads_to_signing_in(browser: str, server: Server) -> None:
    async with opened(browser) as page:
        await page.goto(f"{server.origin}/#token=expired")
        await page.until("document.querySelector('h1')?.innerText === 'Sign in'")
