"""`snapinfra demo`: a server of its own, the main job, and proof that the backend works."""

import secrets
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import click
import httpx

from cli.client import Client, Refused
from cli.development import development_token
from cli.journey import Arrival, travel
from cli.serving import running
from services.core.tls import trusted
from services.foundation.aws.emulator import free_port

DESCRIPTION: Final = "Build a user management API with teams and roles"

SAMPLES: Final[dict[str, Any]] = {
    "STRING": "demo",
    "TEXT": "A longer text.",
    "INTEGER": 7,
    "FLOAT": 1.5,
    "BOOLEAN": True,
    "DATE": "2026-01-31",
    "DATETIME": "2026-01-31T12:00:00.000Z",
    "JSON": {"demo": True},
}

TABLES: Final = """
query Tables($id: ID!) {
  project(id: $id) {
    status
    schema { tables { name fields { name type nullable primaryKey defaultValue } } }
  }
}"""


async def demonstrate() -> bool:
    """Return whether everything really worked."""
    with tempfile.TemporaryDirectory(prefix="snapinfra-demo-") as folder:
        data, port = Path(folder), free_port()
        async with running(port=port, data=data, host="127.0.0.1"):
            client = Client(f"http://127.0.0.1:{port}/graphql", development_token("demo", data=data))
            try:
                arrival = await travel(client, DESCRIPTION)
                await use_accounts(client, arrival)
            except (Refused, httpx.HTTPError) as error:
                click.secho(f"\nThe demo failed: {error}", fg="red")
                return False
    click.secho("\nEverything worked.", fg="green", bold=True)
    return True


async def use_accounts(client: Client, arrival: Arrival) -> None:
    """Sign up twice, let one user make a team, and see it refused to the other, to nobody, and where it is no team."""
    await _schema(client, arrival)
    async with httpx.AsyncClient(verify=trusted(), base_url=arrival.url or "", timeout=10) as http:
        owner, stranger = await _sign_up(http, "owner"), await _sign_up(http, "stranger")
        await _expect(http, 401, "POST", "/teams", json={"name": "Demo"})
        await _expect(http, 400, "POST", "/teams", json={"no_such_field": 1}, headers=owner)
        team = await _expect(http, 201, "POST", "/teams", json={"name": "Demo"}, headers=owner)
        read = await _expect(http, 200, "GET", f"/teams/{team['id']}", headers=owner)
        if read != team:
            raise Refused(f"What was read back differs from what was created: {read}")
        await _expect(http, 404, "GET", f"/teams/{team['id']}", headers=stranger)
        listed = await _expect(http, 200, "GET", "/teams", headers=owner)
        if [item["id"] for item in listed["items"]] != [team["id"]]:
            raise Refused(f"The list does not hold the one team: {listed}")


async def _sign_up(http: httpx.AsyncClient, name: str) -> dict[str, str]:
    """Return the headers that requests of a new user have."""
    account = {"email": f"{name}@example.com", "name": name, "password": secrets.token_urlsafe()}
    answer = await http.post("/auth/sign-up", json=account)
    click.echo(f"POST {answer.url} → {answer.status_code}")
    if answer.status_code != HTTPStatus.CREATED:
        raise Refused(f"POST /auth/sign-up answered {answer.status_code} instead of 201: {answer.text[:200]}")
    return {"authorization": f"Bearer {answer.json()['accessToken']}"}


async def use(client: Client, arrival: Arrival, *, headers: Mapping[str, str] | None = None) -> None:
    """Create a record in a table that refers to no other, read it back, and have a bad one refused."""
    schema = await _schema(client, arrival)
    table = next(table for table in schema["tables"] if not _refers(table))
    record = {field["name"]: _sample(field) for field in table["fields"] if not field["primaryKey"]}
    async with httpx.AsyncClient(verify=trusted(), base_url=arrival.url or "", headers=headers, timeout=10) as http:
        created = await _expect(http, 201, "POST", f"/{table['name']}", json=record)
        read = await _expect(http, 200, "GET", f"/{table['name']}/{created['id']}")
        if any(read[name] != value for name, value in record.items()):
            raise Refused(f"What was read back differs from what was created: {read}")
        await _expect(http, 400, "POST", f"/{table['name']}", json={"no_such_field": 1})
        listed = await _expect(http, 200, "GET", f"/{table['name']}")
        if [item["id"] for item in listed["items"]] != [created["id"]]:
            raise Refused(f"The list does not hold the one record: {listed}")


async def _schema(client: Client, arrival: Arrival) -> dict[str, Any]:
    """Return the schema of what is deployed. Raises Refused where nothing is."""
    project = (await client.ask(TABLES, id=arrival.project_id))["project"]
    if project["status"] != "DEPLOYED":
        raise Refused(f"The project is {project['status']}, not DEPLOYED.")
    return project["schema"]


async def _expect(http: httpx.AsyncClient, status: int, method: str, path: str, **request: Any) -> Any:
    answer = await http.request(method, path, **request)
    click.echo(f"{method} {answer.url} → {answer.status_code} {answer.text[:200]}")
    if answer.status_code != status:
        raise Refused(f"{method} {path} answered {answer.status_code} instead of {status}.")
    return answer.json()


def _refers(table: dict[str, Any]) -> bool:
    return any(field["name"].endswith("Id") for field in table["fields"])


def _sample(field: dict[str, Any]) -> Any:
    if "email" in field["name"].lower():
        return "demo@example.com"
    return SAMPLES[field["type"]]
