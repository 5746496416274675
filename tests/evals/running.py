"""What code does that a model wrote: deployed on LOCAL by the product, asked over HTTP, and put to its own tests."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from cli.serving import tool_environment
from services.core.tls import trusted
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from tests.backends.building import BackendFailed, Building
from tests.backends.subjects import write_files
from tests.evals.scoring import Points
from tests.evals.tasks import Built, Task
from tests.snapinfra import User

PATIENCE: Final = 600
"""Seconds in which a deployment has to be live."""
_BASES: Final = ("/api", "")
_STATE: Final = "query($id: ID!) { deployment(id: $id) { status url message } }"
_STOP: Final = (
    "mutation($id: ID!) { stopDeployment(input: {deploymentId: $id}) { deployment { id } userErrors { message } } }"
)
_OVER: Final = frozenset({"SUCCESS", "FAILED", "CANCELED", "TIMED_OUT"})
_SAMPLES: Final[Mapping[str, Any]] = {
    "STRING": "one",
    "INTEGER": 3,
    "FLOAT": 1.5,
    "DECIMAL": "1.50",
    "DATETIME": "2026-05-04T12:00:00.000Z",
}
_OTHERS: Final[Mapping[Any, Any]] = {"one": "two", 3: 4, 1.5: 2.5, "1.50": "2.50"}
"""What a row has instead of a sample, once it is changed."""


async def see_running(user: User, project_id: str, generation_id: str, task: Task, points: Points) -> None:
    """Deploy code, and use each of its tables as a client would."""
    variables = [{"name": "AUTH", "value": "off"}]
    deployment_id = await user.deploy(project_id, generation_id, environmentVariables=variables)
    state = await _ended(user, deployment_id)
    is_live = state["status"] == "SUCCESS" and state["url"] is not None
    points.add("starts", is_right=is_live, fault=f"{state['status']}: {(state['message'] or '')[:200]}")
    try:
        async with httpx.AsyncClient(base_url=state["url"] or "", verify=trusted(), timeout=30) as client:
            for table in task.wanted.tables if isinstance(task.wanted, Built) else ():
                await _use(client if is_live else None, table, task.schema or {}, points)
    finally:
        await user.ask(_STOP, id=deployment_id)


async def see_tests(files: Mapping[str, str], *, emulator: str, points: Points) -> None:
    """Install and compile code, and run its own tests."""
    environment = {
        **tool_environment(),
        "AWS_ENDPOINT_URL": emulator,
        "AWS_REGION": "us-east-1",
        **EMULATOR_CREDENTIALS,
    }
    with TemporaryDirectory(prefix="evals-") as folder:
        await asyncio.to_thread(write_files, Path(folder), files)
        building = Building(Path(folder), environment)
        for what, step in (("compiles", building.compile), ("own tests", building.test)):
            try:
                await step()
            except BackendFailed as error:
                points.add(what, is_right=False, fault=str(error)[:200])
            else:
                points.add(what, is_right=True, fault="")


async def _ended(user: User, deployment_id: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE
    while True:
        state: dict[str, Any] = (await user.ask(_STATE, id=deployment_id))["deployment"]
        if state["status"] in _OVER or time.monotonic() > end:
            return state
        await asyncio.sleep(1)


async def _use(client: httpx.AsyncClient | None, table: str, schema: Mapping[str, Any], points: Points) -> None:
    """Make a row, read it, change it and delete it. A backend that does not run does none of it."""
    steps = ("creates", "refuses", "reads", "lists", "changes", "deletes")
    try:
        done = dict.fromkeys(steps, "does not run") if client is None else await _steps(client, table, schema)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        done = dict.fromkeys(steps, f"{type(error).__name__}: {error}")
    for step in steps:
        points.add(step, is_right=done[step] == "", fault=f"{table}: {done[step]}")


async def _steps(client: httpx.AsyncClient, table: str, schema: Mapping[str, Any]) -> dict[str, str]:
    base = await _base(client, table)
    body = await _body(client, base, table, schema)
    made = await client.post(f"{base}/{table}", json=body)
    key: str = made.json()["id"] if made.status_code == 201 else "nothing"
    place = f"{base}/{table}/{key}"
    refused = await client.post(f"{base}/{table}", json={**body, "nothing": 1})
    read = await client.get(place)
    listed = await client.get(f"{base}/{table}")
    name = next(name for name, value in body.items() if value in _OTHERS)
    changed = await client.patch(place, json={name: _OTHERS[body[name]]})
    after = await client.get(place)
    deleted = await client.delete(place)
    gone = await client.get(place)
    is_changed = changed.is_success and after.is_success and after.json()[name] == _OTHERS[body[name]]
    return {
        "creates": "" if made.status_code == 201 else f"{made.status_code} {made.text[:100]}",
        "refuses": "" if refused.status_code == 400 else f"{refused.status_code} for a field that there is not",
        "reads": "" if read.status_code == 200 else f"{read.status_code}",
        "lists": "" if listed.status_code == 200 and key in listed.text else f"{listed.status_code}",
        "changes": "" if is_changed else f"{changed.status_code}",
        "deletes": "" if deleted.is_success and gone.status_code == 404 else f"{deleted.status_code}",
    }


async def _base(client: httpx.AsyncClient, table: str) -> str:
    """Return what stands before the paths of tables."""
    for base in _BASES:
        if (await client.get(f"{base}/{table}")).status_code == 200:
            return base
    return _BASES[0]


async def _body(client: httpx.AsyncClient, base: str, table: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body for a row, with rows that it refers to."""
    whole = next(one for one in schema["tables"] if one["name"] == table)
    parents = {each["field"]: each["fromTable"] for each in schema["relationships"] if each["toTable"] == table}
    body: dict[str, Any] = {}
    for field in whole["fields"]:
        if field.get("primaryKey"):
            continue
        parent = parents.get(field["name"])
        if parent is None:
            body[field["name"]] = _SAMPLES[field["type"]]
        else:
            made = await client.post(f"{base}/{parent}", json=await _body(client, base, parent, schema))
            body[field["name"]] = made.json()["id"]
    return body


ENVIRONMENT: Final = dict(os.environ)  # noqa: TID251 - which providers there are, as for the product itself
