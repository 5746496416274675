"""A project of the fake Vercel with its deployments, their events and the requests that they answered."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.core.clock import iso, utc_now
from tests.fakes.targets.hosting import Code

TEAM: Final = "team_0123456789abcdefghijklmn"
LATE: Final = 15
"""Milliseconds after which a line of a build can be read."""

Json = dict[str, Any]


def now() -> int:
    return round(utc_now().timestamp() * 1000)


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_urlsafe(18).replace('-', 'x').replace('_', 'y')}"


@dataclass
class Build:
    """A deployment."""

    record: Json
    code: Code
    environment: Mapping[str, str]
    events: list[Json] = field(default_factory=list[Json])
    rows: list[Json] = field(default_factory=list[Json])
    is_hidden: bool = True
    """From the next list: lists lag behind."""

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def state(self) -> str:
        return str(self.record["readyState"])

    async def emit(self, text: str, *, kind: str = "stdout") -> None:
        """Write a line of the build, in one of the two shapes that events have."""
        number = len(self.events)
        event: Json = {"id": f"{now()}{number:019}", "date": now(), "deploymentId": self.id, "serial": str(number)}
        info = {"type": "build", "name": "bld_1", "entrypoint": "."}
        event |= {"info": info, "text": text}
        wrapped = number % 3 == 0
        shape: Json = {"payload": event} if wrapped else event
        self.events.append({**shape, "type": kind, "created": now()})
        if number % 4:
            await asyncio.sleep(0.003)  # otherwise the next comes in the same millisecond

    def readable(self, *, since: int) -> list[Json]:
        """Return the events from a millisecond on that can be read by now."""
        times = [(event, event.get("created") or event["date"]) for event in self.events]
        return [event for event, at in times if since <= at <= now() - LATE]

    async def write(self, message: str, *, level: str = "info") -> None:
        """Answer a request whose log has a line."""
        self.rows.append(
            {
                "requestId": secrets.token_hex(12),
                "timestamp": iso(utc_now()),
                "deploymentId": self.id,
                "logs": [{"level": level, "message": message, "messageTruncated": False}],
                "events": [{"source": "serverless"}],
                "requestMethod": "GET",
                "requestPath": "/",
                "statusCode": 500 if level == "fatal" else 200,
                "environment": "production",
            }
        )


@dataclass
class Project:
    record: Json
    variables: dict[str, Json] = field(default_factory=dict[str, Json])
    """By key."""
    builds: list[Build] = field(default_factory=list[Build])
    production: str | None = None
    history: list[str] = field(default_factory=list[str])
    """What was in production, or is."""
    is_rolled_back: bool = False

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def name(self) -> str:
        return str(self.record["name"])

    def requests(self, deployment_id: str | None, *, first: int, last: int) -> list[Json]:
        """Return what was answered in a time in milliseconds, the newest first."""
        rows = [row for build in self.builds if deployment_id in {None, build.id} for row in build.rows]
        times = [round(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000) for row in rows]
        return [row for row, at in zip(rows, times, strict=True) if first <= at <= last][::-1]


def project_record(name: str) -> Json:
    resources: Json = {"functionDefaultRegions": ["iad1"], "fluid": True}
    return {
        "id": new_id("prj"),
        "name": name,
        "accountId": TEAM,
        "alias": [],
        "createdAt": now(),
        "defaultResourceConfig": resources,
        "deploymentExpiration": {},
        "directoryListing": False,
        "framework": None,
        "lastAliasRequest": None,
        "nodeVersion": "24.x",
        "resourceConfig": resources,
        "targets": None,
        "updatedAt": now(),
    }


def deployment_record(project: Project, deployment_id: str, *, target: str | None, meta: Json) -> Json:
    return {
        "id": deployment_id,
        "url": f"{project.name}-{deployment_id[4:13].lower()}.vercel.app",
        "name": project.name,
        "version": 2,
        "type": "LAMBDAS",
        "plan": "pro",
        "public": False,
        "readyState": "QUEUED",
        "status": "QUEUED",
        "alias": [],
        "aliasAssigned": False,
        "aliasAssignedAt": None,
        "aliasError": None,
        "bootedAt": now(),
        "build": {"env": []},
        "buildingAt": now(),
        "buildSkipped": False,
        "createdAt": now(),
        "createdIn": "sfo1",
        "creator": {"uid": "user_1", "username": "alice"},
        "env": [],
        "inspectorUrl": f"https://vercel.com/alices-team/{project.name}/{deployment_id[4:]}",
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "meta": meta,
        "ownerId": TEAM,
        "projectId": project.id,
        "projectSettings": {},
        "regions": ["iad1"],
        "routes": None,
        "target": target,
        "team": {"id": TEAM, "slug": "alices-team", "name": "Alice's team"},
    }


def production_record(build: Build) -> Json:
    """Return how a project shows what is in production."""
    names = ("id", "alias", "createdAt", "createdIn", "name", "plan", "readyState", "target", "type", "url", "meta")
    shown = {name: build.record[name] for name in names}
    creator = {"uid": "user_1", "username": "alice", "email": "alice@example.com"}
    return {**shown, "creator": creator, "deploymentHostname": build.record["url"], "private": False}
