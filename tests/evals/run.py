"""The evaluation of a provider: thirty tasks, and twenty texts that would lead it astray, scored by checks that run.

    python -m tests.evals.run [--provider scaffold|model|configured] [--label NAME] [--only WORDS] [--record FILE]

`scaffold` needs no key, `model` is the small one of `make model`, on this machine, and `configured` is what the
environment names (GROQ_API_KEY, OPENAI_API_KEY, OPENAI_BASE_URL, ...). What came of it is written to docs/evals/, and
docs/evals.md compares all that is there. `--record` keeps what a model on this machine answered, for tests.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from services.core.frozen import frozen
from tests.campaign import server_of_its_own
from tests.evals.injections import INJECTIONS
from tests.evals.report import Result, save, write
from tests.evals.running import ENVIRONMENT, see_running, see_tests
from tests.evals.scoring import points_of
from tests.evals.tasks import TASKS, Built, Task
from tests.fakes.proxy import Proxy
from tests.local_model.run import MODEL, model
from tests.snapinfra import Server, User, events

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 1_800.0
"""Seconds in which a generation has to end."""
ASKED_OF_THE_SMALL: Final = {"maxTokens": 300, "temperature": 0}
"""So that thirty answers take an hour on this machine, and are the same each time."""
_PROVIDERS: Final = re.compile(r"^(?:AI|GROQ|OPENAI|SCAFFOLD)_")
_SAVE: Final = (
    "mutation($input: SaveSchemaInput!) { saveSchema(input: $input) { schema { id } userErrors { message } } }"
)
_DRAW: Final = """
mutation($input: SaveArchitectureInput!) {
  saveArchitecture(input: $input) { architecture { id } userErrors { message } }
}"""
_RECORD: Final = """
query($id: ID!) {
  generation(id: $id) {
    status reason message text template files { path content } checks { name state output }
    attempts { provider model usage { inputTokens outputTokens } cost }
    schema {
      tables { name fields { name type rules { values } } } relationships { type fromTable toTable }
    }
    architecture { nodes { id kind name description } edges { from to } }
  }
}"""


@frozen
class Asking:
    """Who is asked, and how."""

    server: Server
    user: User
    options: Mapping[str, Any]
    runs_code: bool


async def evaluate(asking: Asking, tasks: Sequence[Task]) -> list[Result]:
    """Have every task done, one after the other."""
    places = dict[str, tuple[str, str]]()
    results: list[Result] = []
    for task in tasks:
        results.append(await _one(asking, task, places))
        sys.stdout.write(f"{results[-1].line}\n")
        sys.stdout.flush()
    return results


async def _one(asking: Asking, task: Task, places: dict[str, tuple[str, str]]) -> Result:
    began, user = time.monotonic(), asking.user
    base = places.get(task.after or "")
    project_id = base[0] if base else await _project(user, task)
    given = {"baseGenerationId": base[1]} if base else {}
    generation_id = await user.generate(
        project_id, task.kind, prompt=task.prompt, options=dict(asking.options), **given
    )
    places[task.name] = project_id, generation_id
    await events(user, generation_id, patience=PATIENCE)
    seconds = time.monotonic() - began
    record: dict[str, Any] = (await user.ask(_RECORD, id=generation_id))["generation"]
    points = points_of(task, record)
    if isinstance(task.wanted, Built) and asking.runs_code:
        await see_running(user, project_id, generation_id, task, points)
        files = {file["path"]: file["content"] for file in record["files"]}
        await see_tests(files, emulator=str(asking.server.config.aws_endpoint_url), points=points)
    return Result.of(task, record, points, seconds=seconds)


async def _project(user: User, task: Task) -> str:
    project: str = (await user.project(**{"name": "Evaluation", "description": "", **task.project}))["id"]
    if task.schema is not None:
        await _saved(user, _SAVE, "saveSchema", {"projectId": project, **task.schema})
    if task.nodes:
        nodes = [{"id": f"n{number}", **node} for number, node in enumerate(task.nodes)]
        edges = [{"from": "n0", "to": node["id"]} for node in nodes[1:]]
        await _saved(user, _DRAW, "saveArchitecture", {"projectId": project, "nodes": nodes, "edges": edges})
    return project


async def _saved(user: User, mutation: str, name: str, given: Mapping[str, Any]) -> None:
    faults = (await user.ask(mutation, input=given))[name]["userErrors"]
    assert faults == [], faults


@asynccontextmanager
async def asked(provider: str) -> AsyncGenerator[tuple[Asking, Proxy | None]]:
    """Run a server whose provider is this, for the length of the block."""
    variables = {"CODE_CHECKS": "true", "JOB_LEASE_SECONDS": "60"}
    if provider == "model":
        async with model() as proxy:
            small = {
                "OPENAI_API_KEY": "none",
                "OPENAI_BASE_URL": f"http://127.0.0.1:{proxy.port}/v1",
                "OPENAI_MODEL": MODEL,
                "AI_FIRST_TIMEOUT": "240",
            }
            async with server_of_its_own("evals", **variables, **small) as server:
                yield Asking(server, server.user(), ASKED_OF_THE_SMALL, runs_code=True), proxy
        return
    own = {name: value for name, value in ENVIRONMENT.items() if _PROVIDERS.match(name)}
    async with server_of_its_own("evals", **variables, **(own if provider == "configured" else {})) as server:
        yield Asking(server, server.user(), {}, runs_code=True), None


def answers(proxy: Proxy) -> list[str]:
    """Return what a model answered to each request, as its events have it."""
    said: dict[str, str] = {}
    for line in proxy.connections:
        for data in re.findall(rb"^data: (\{.*\})\r?$", bytes(line.from_server), re.MULTILINE):
            event = json.loads(data)
            for choice in event["choices"]:
                said[event["id"]] = said.get(event["id"], "") + (choice["delta"].get("content") or "")
    return list(said.values())


async def run(options: argparse.Namespace) -> list[Result]:
    chosen = [task for task in (*TASKS, *INJECTIONS) if options.only in task.name]
    async with asked(options.provider) as (asking, proxy):
        results = await evaluate(asking, chosen)
        if options.record is not None and proxy is not None:
            options.record.write_text(json.dumps(answers(proxy), indent=1, ensure_ascii=False), encoding="utf-8")
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return 0: how good a provider is, is no fault of ours."""
    parser = argparse.ArgumentParser(prog="python -m tests.evals.run", description="Evaluate a provider.")
    parser.add_argument("--provider", choices=("scaffold", "model", "configured"), default="configured")
    parser.add_argument("--label", help="what the report calls it; else its model")
    parser.add_argument("--only", default="", help="tasks with these words in their names; nothing is written")
    parser.add_argument("--record", type=Path, help="where the answers of a model on this machine are kept")
    options = parser.parse_args(arguments)
    results = asyncio.run(run(options))
    if not options.only:
        save(ROOT / "docs" / "evals", results, label=options.label)
        write(ROOT / "docs" / "evals.md", ROOT / "docs" / "evals")
        sys.stdout.write("written to docs/evals.md\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
