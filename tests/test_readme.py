"""The promise that the README's examples run and answer as it says."""

import json
import re
import shlex
from pathlib import Path

from graphql import parse, validate

from cli.journey import travel
from cli.main import cli
from tests.sdl import sdl_schema
from tests.snapinfra import User

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for page in PAGES for block in blocks(page, "console") for line in block.splitlines()]
    return [shlex.split(line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]


async def test_the_readmes_query_answers_what_it_says(alice: User) -> None:
    (query,), (answer,) = blocks(ROOT / "README.md", "graphql"), blocks(ROOT / "README.md", "json")
    (journey,) = [words for words in commands() if "--no-deploy" in words and "new" in words][:1]

    await travel(alice, journey[journey.index("new") + 1], to=None)

    assert await alice.result(query) == json.loads(answer)


def test_every_operation_in_the_documentation_is_valid() -> None:
    schema = sdl_schema()

    wrong = [
        (page.name, str(error))
        for page in PAGES
        for text in blocks(page, "graphql")
        for error in validate(schema, parse(text))
    ]

    assert wrong == []


def test_every_command_in_the_documentation_exists_with_its_options() -> None:
    for words in commands():
        if not words or not words[0].endswith("snapinfra") or len(words) == 1 or words[1].startswith("-"):
            continue
        command = cli.commands[words[1]]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words[2:] if word.startswith("--")} - {"--help"} <= options, words


def test_every_make_target_in_the_documentation_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text())}

    assert named <= targets


def test_every_link_within_the_documentation_leads_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_file_that_the_documentation_names_is_there() -> None:
    path = re.compile(r"`((?:bench|cli|docs|graph|resolvers|services|tests)/[\w/.-]+)`")

    named = {(page.name, name) for page in PAGES for name in path.findall(page.read_text())}

    assert [(page, name) for page, name in sorted(named) if not (ROOT / name).exists()] == []
