"""A fake of Vercel's REST API (vercel.com/docs/rest-api), and of the logs of requests that its CLI reads.

Awkward in the ways that Vercel is: files are missing until they were sent, and for a moment after; a deployment is
READY before its domains lead to it, and stays STAGED after a rollback; a promotion may be queued (202); lists and last
lines come late; events come in two shapes and again; a token that is refused gets 403.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.fakes.targets.hosting import Code, Host, Toy
from tests.fakes.targets.names import Owned, is_hostname
from tests.fakes.targets.server import Target
from tests.fakes.targets.vercel_domains import config, domain_record
from tests.fakes.targets.vercel_project import (
    TEAM,
    Build,
    Json,
    Project,
    deployment_record,
    new_id,
    now,
    production_record,
    project_record,
)

RESERVED: Final = {"AWS_SECRET_KEY", "AWS_EXECUTION_ENV", "NOW_REGION", "TZ", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}
"""vercel.com/docs/environment-variables/reserved-environment-variables."""

_ROWS: Final = 10
"""Requests on a page of their log."""

RUNTIME: Final = """\
import http from 'node:http';
const { default: handler } = await import('./api/index.mjs');
http.createServer(handler).listen(Number(process.env.PORT), '127.0.0.1');
"""
"""What Vercel runs a function with, where the code really runs."""


@dataclass
class FakeVercel(Target):
    token: str = "tokenOfTheFake0123456789"
    """Its own client takes none with a hyphen."""
    host: Host = field(init=False)
    projects: dict[str, Project] = field(default_factory=dict[str, Project])
    """By name."""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    missed: dict[str, int] = field(default_factory=dict[str, int])
    """How often a file that was sent is still missed."""
    created: int = 0
    """Deployments, also those that are gone."""
    is_hobby: bool = False
    is_rolling: bool = False
    """A release goes step by step: a promotion waits behind it."""
    alias_seconds: float = 0.05
    fails_to_move: bool = False
    failed_state: str = "ERROR"
    is_spent: bool = False
    """There may be no more deployments today."""

    def __post_init__(self) -> None:
        self.toy = Toy(lambda: self.url)
        self.host = self.toy

    def routes(self) -> list[Route]:
        project = "/v9/projects/{project}"
        return [
            self.route("GET", "/v2/user", self._user),
            self.route("GET", "/teams/{team}", self._team),
            self.route("GET", "/v2/teams/{team}", self._team),
            self.route("POST", "/v11/projects", self._create_project),
            self.route("POST", "/v1/projects", self._create_project),
            self.route("GET", project, self._project),
            self.route("GET", f"{project}/domains", self._domains),
            self.route("POST", "/v10/projects/{project}/domains", self._add_domain),
            self.route("GET", f"{project}/domains/{{domain}}", self._domain_of_project),
            self.route("DELETE", f"{project}/domains/{{domain}}", self._delete_domain),
            self.route("POST", f"{project}/domains/{{domain}}/verify", self._verify_domain),
            self.route("GET", "/v6/domains/{domain}/config", self._domain_config),
            self.route("GET", "/v10/projects/{project}/env", self._variables),
            self.route("POST", "/v10/projects/{project}/env", self._set_variables),
            self.route("DELETE", f"{project}/env/{{variable}}", self._delete_variable),
            self.route("POST", "/v2/files", self._file),
            self.route("POST", "/v13/deployments", self._create),
            self.route("GET", "/v13/deployments/{deployment}", self._deployment),
            self.route("DELETE", "/v13/deployments/{deployment}", self._delete),
            self.route("PATCH", "/v12/deployments/{deployment}/cancel", self._cancel),
            self.route("GET", "/v11/deployments/{deployment}/builds", self._builds),
            self.route("GET", "/v6/deployments", self._list),
            self.route("GET", "/v7/deployments", self._list),
            self.route("GET", "/v3/deployments/{deployment}/events", self._events),
            self.route("GET", "/v3/now/deployments/{deployment}/events", self._events),
            self.route("POST", "/v1/projects/{project}/rollback/{deployment}", self._roll_back),
            self.route("POST", "/v9/projects/{project}/rollback/{deployment}", self._roll_back),
            self.route("POST", "/v10/projects/{project}/promote/{deployment}", self._promote),
            self.route("GET", "/api/logs/request-logs", self._requests),
            self.toy.route(),
        ]

    async def close(self) -> None:
        await self.host.close()

    def error(self, status: int, code: str, message: str, **more: Any) -> Response:
        return JSONResponse({"error": {"code": code, "message": message, **more}}, status)

    def refused(self, request: Request) -> Response:  # noqa: ARG002 - the base's
        return self.error(403, "forbidden", "Not authorized", invalidToken=True)

    def limited(self, request: Request) -> Response:  # noqa: ARG002 - the base's
        reset = now() + self.retry_after * 1000
        limit = {"remaining": 0, "reset": reset, "resetMs": reset, "total": 500}
        answer = self.error(429, "rate_limited", "Too many requests", limit=limit)
        answer.headers["retry-after"] = str(self.retry_after)
        return answer

    async def _user(self, _: Request) -> Response:
        user = {
            "id": "user_1",
            "email": "alice@example.com",
            "name": "Alice",
            "username": "alice",
            "avatar": None,
            "defaultTeamId": TEAM,
            "version": "northstar",
        }
        return JSONResponse({"user": user})

    async def _team(self, _: Request) -> Response:
        return JSONResponse({"id": TEAM, "slug": "alices-team", "name": "Alice's team", "createdAt": 1, "avatar": None})

    async def _create_project(self, request: Request) -> Response:
        name = json.loads(await request.body())["name"]
        if name in self.projects:
            return self.error(409, "conflict", "A project with this name already exists.")
        record = project_record(name)
        self.projects[name] = Project(record)
        return JSONResponse(record)

    async def _project(self, request: Request) -> Response:
        project = self._found(request)
        return JSONResponse(project.record) if project else self._missing()

    async def _domains(self, request: Request) -> Response:
        project = self._found(request)
        if project is None:
            return self._missing()
        ours: Json = {"projectId": project.id, "redirect": None, "gitBranch": None, "verified": True}
        domains = [
            {**ours, "name": "www.example.com", "apexName": "example.com", "redirect": "example.com"},
            {**ours, "name": "soon.example.com", "apexName": "example.com", "verified": False},
            *(domain_record(owned, project.id) for owned in self.names.of(project.name)),
            {**ours, "name": self._domain(project), "apexName": "vercel.app"},
        ]
        return JSONResponse({"domains": domains, "pagination": {"count": len(domains), "next": None, "prev": None}})

    async def _add_domain(self, request: Request) -> Response:
        project = self._found(request)
        if project is None:
            return self._missing()
        name = json.loads(await request.body())["name"]
        if not is_hostname(name):
            return self.error(400, "invalid_domain", f'The domain "{name}" is not valid.')
        if self.names.at(project.name, name):
            return self.error(400, "domain_already_exists", f"The domain {name} is on the project already.")
        if self.names.is_full:
            return self.error(402, "payment_required", "The Hobby plan has 50 domains for a project. Upgrade to Pro.")
        if self.names.is_taken(name):
            message = f"Cannot add {name} since it's already in use by one of your projects."
            return self.error(409, "domain_already_in_use", message)
        return JSONResponse(domain_record(self.names.add(project.name, name), project.id))

    async def _domain_of_project(self, request: Request) -> Response:
        project, owned = self._owned(request)
        return JSONResponse(domain_record(owned, project.id)) if project and owned else self._missing()

    async def _delete_domain(self, request: Request) -> Response:
        _, owned = self._owned(request)
        if owned is None:
            return self._missing()
        del self.names.owned[owned.name]
        return JSONResponse({})

    async def _verify_domain(self, request: Request) -> Response:
        project, owned = self._owned(request)
        if project is None or owned is None:
            return self._missing()
        owned.looks += 1
        if not owned.is_seen:
            message = f"Domain {owned.name} is missing required TXT Record."
            return self.error(400, "missing_txt_record", message)
        return JSONResponse(domain_record(owned, project.id))

    async def _domain_config(self, request: Request) -> Response:
        owned = self.names.owned.get(request.path_params["domain"]) if self._is_ours(request) else None
        if owned is not None and owned.is_seen:
            owned.looks += 1
        return JSONResponse(config(owned))

    async def _variables(self, request: Request) -> Response:
        project = self._found(request)
        if project is None:
            return self._missing()
        shown = [{**variable, "value": ""} for variable in project.variables.values()]
        return JSONResponse({"envs": shown, "pagination": {"count": len(shown), "next": None, "prev": None}})

    async def _set_variables(self, request: Request) -> Response:
        project = self._found(request)
        if project is None:
            return self._missing()
        assert request.query_params["upsert"] == "true"
        created: list[Json] = []
        failed: list[Json] = []
        for variable in json.loads(await request.body()):
            key = variable["key"]
            if key in RESERVED:
                trouble = {"code": "RESERVED", "message": f"The name {key} is reserved.", "key": key}
                failed.append({"error": trouble})
                continue
            assert len(variable.get("comment", "")) <= 500
            project.variables[key] = {"id": new_id("env"), "createdAt": now(), "securityIssues": [], **variable}
            created.append({**project.variables[key], "value": ""})
        return JSONResponse({"created": created, "failed": failed}, 201)

    async def _delete_variable(self, request: Request) -> Response:
        project = self._found(request)
        wanted = request.path_params["variable"]
        key = next((key for key, each in project.variables.items() if each["id"] == wanted), None) if project else None
        if project is None or key is None:
            return self._missing()
        return JSONResponse({**project.variables.pop(key), "value": ""})

    async def _file(self, request: Request) -> Response:
        content = await request.body()
        digest = request.headers.get("x-vercel-digest") or request.headers["x-now-digest"]
        if digest != hashlib.sha1(content, usedforsecurity=False).hexdigest():
            return self.error(400, "bad_request", "The digest is another.")
        if digest not in self.files:
            self.missed[digest] = 1 if len(self.files) % 3 == 0 else 0
        self.files[digest] = content
        return JSONResponse({})

    async def _create(self, request: Request) -> Response:
        if self.is_spent:
            answer = self.error(429, "api-deployments-free-per-day", "Resource is limited - try again in 24 hours.")
            answer.headers["retry-after"] = "86400"
            return answer
        body = json.loads(await request.body())
        wanted = body.get("project") or body["name"]
        project = next((each for each in self.projects.values() if wanted in {each.id, each.name}), None)
        if project is None or not self._is_ours(request):
            return self._missing()
        missing = [each["sha"] for each in body["files"] if self._misses(each["sha"])]
        if missing:
            return self.error(400, "missing_files", "Missing files", missing=sorted(set(missing)))
        for file in body["files"]:
            assert file["size"] == len(self.files[file["sha"]])
        deployment_id = new_id("dpl")
        files = {each["file"]: self.files[each["sha"]] for each in body["files"]} | {".runtime.mjs": RUNTIME.encode()}
        record = deployment_record(project, deployment_id, target=body.get("target"), meta=body.get("meta", {}))
        variables = {key: each["value"] for key, each in project.variables.items()}
        build = Build(record, Code(files, "node .runtime.mjs"), variables)
        project.builds.append(build)
        self.created += 1
        self.background(self._run(project, build))
        return JSONResponse(record)

    async def _run(self, project: Project, build: Build) -> None:
        for state in ("INITIALIZING", "BUILDING"):
            await asyncio.sleep(0.01)
            if build.state == "CANCELED":
                return
            self._become(build, state)
        built = await self.host.build(build.code.files, build.environment, build.emit)
        if build.state == "CANCELED":
            return
        build.events.append({"type": "deployment-state", "created": now(), "payload": {"info": {"type": "build"}}})
        if not built:
            build.record |= {"errorCode": "BUILD_FAILED", "errorMessage": 'Command "npm run build" exited with 1'}
            self._become(build, self.failed_state)
            return
        build.record |= {"readySubstate": "STAGED", "ready": now()}
        self._become(build, "READY")
        await asyncio.sleep(self.alias_seconds)
        if build not in project.builds:  # deleted meanwhile
            return
        if not project.is_rolled_back:
            build.record |= {"alias": [self._domain(project)], "readySubstate": "PROMOTED"}
            await self._assign(project, build)
        build.record |= {"aliasAssigned": True, "aliasAssignedAt": now()}
        build.events.append({"type": "alias-assigned", "deploymentId": build.id, "date": now(), "alias": []})

    async def _assign(self, project: Project, build: Build) -> None:
        project.history.append(build.id)
        project.production = build.id
        project.record["targets"] = {"production": production_record(build)}
        if not await self.host.start(project.name, build.code, build.environment, build.write):
            await build.write("Node.js process exited with exit status: 1.", level="fatal")

    async def _deployment(self, request: Request) -> Response:
        project, build = self._of(request)
        return JSONResponse(build.record) if project and build else self._missing()

    async def _delete(self, request: Request) -> Response:
        project, build = self._of(request)
        if project is None or build is None:
            return self._missing()
        project.builds.remove(build)
        if project.production == build.id:
            project.record["targets"] = None
            project.production = None
            await self.host.stop(project.name)
        return JSONResponse({"uid": build.id, "state": "DELETED"})

    async def _cancel(self, request: Request) -> Response:
        _, build = self._of(request)
        if build is None:
            return self._missing()
        if build.state not in {"QUEUED", "INITIALIZING", "BUILDING"}:
            return self.error(400, "bad_request", "The deployment has ended.")
        self._become(build, "CANCELED")
        return JSONResponse(build.record)

    async def _builds(self, request: Request) -> Response:
        _, build = self._of(request)
        return JSONResponse({"builds": []}) if build else self._missing()

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        project = next(
            (each for each in self.projects.values() if asked.get("projectId") in {each.id, each.name}), None
        )
        if project is None or not self._is_ours(request):
            return self._missing()
        meta = {key.removeprefix("meta-"): value for key, value in asked.items() if key.startswith("meta-")}
        shown = [build for build in reversed(project.builds) if not build.is_hidden]
        for build in project.builds:
            build.is_hidden = False
        records = [
            {**build.record, "uid": build.id, "state": build.state, "created": build.record["createdAt"]}
            for build in shown
            if meta.items() <= build.record["meta"].items()
        ][: int(asked.get("limit", "20"))]
        pagination = {"count": len(records), "next": None, "prev": None}
        return JSONResponse({"deployments": records, "pagination": pagination})

    async def _events(self, request: Request) -> Response:
        _, build = self._of(request)
        if build is None:
            return self._missing()
        since = int(request.query_params.get("since", "0"))

        if request.query_params.get("format") != "lines":
            return JSONResponse(build.readable(since=since))

        async def lines() -> AsyncIterator[str]:
            sent = 0
            while True:
                events = build.readable(since=since)
                for event in events[sent:]:
                    yield f"{json.dumps({**event, **event.get('payload', {})})}\n"  # flat, for it is read so
                sent = len(events)
                if build.state in {"ERROR", "CANCELED"} or build.record["aliasAssigned"]:
                    await asyncio.sleep(0.05)
                    if len(build.readable(since=since)) == sent:
                        return
                await asyncio.sleep(0.01)

        return StreamingResponse(lines(), media_type="application/stream+json")

    async def _roll_back(self, request: Request) -> Response:
        project, build = self._of(request)
        if project is None or build is None or build.state != "READY":
            return self._missing()
        if build.id == project.production:
            return self.error(409, "conflict", "The deployment is in production.")
        before = next((each for each in reversed(project.history) if each != project.production), None)
        if self.is_hobby and build.id != before:
            return self.error(402, "payment_required", "Upgrade to Pro to roll back to any deployment.")
        self._request(project, build, "rollback")
        return Response(status_code=201)

    async def _promote(self, request: Request) -> Response:
        project, build = self._of(request)
        if project is None or build is None or build.state != "READY":
            return self._missing()
        self._request(project, build, "promote")
        return Response(status_code=202 if self.is_rolling else 201)

    def _request(self, project: Project, build: Build, kind: str) -> None:
        asked: Json = {"fromDeploymentId": project.production, "toDeploymentId": build.id, "type": kind}
        asked |= {"jobStatus": "pending", "requestedAt": now()}
        if not self.is_rolling:  # otherwise it stays the earlier request for a while
            project.record["lastAliasRequest"] = asked
        self.background(self._move(project, build, asked))

    async def _move(self, project: Project, build: Build, asked: Json) -> None:
        await asyncio.sleep(0.1 if self.is_rolling else 0.01)
        project.record["lastAliasRequest"] = asked
        await asyncio.sleep(0.03)
        asked["jobStatus"] = "in-progress"
        await asyncio.sleep(0.03)
        if self.fails_to_move:
            asked["jobStatus"] = "failed"
            return
        build.record |= {"alias": [self._domain(project)], "readySubstate": "PROMOTED"}
        project.is_rolled_back = asked["type"] == "rollback"
        await self._assign(project, build)
        asked["jobStatus"] = "succeeded"

    async def _requests(self, request: Request) -> Response:
        asked = request.query_params
        project = next((each for each in self.projects.values() if each.id == asked["projectId"]), None)
        if project is None or asked["ownerId"] != TEAM:
            return self._missing()
        rows = project.requests(asked.get("deploymentId"), first=int(asked["startDate"]), last=int(asked["endDate"]))
        start = int(asked["page"]) * _ROWS
        return JSONResponse({"rows": rows[start : start + _ROWS], "hasMoreRows": start + _ROWS < len(rows)})

    def _misses(self, digest: str) -> bool:
        if digest not in self.files:
            return True
        self.missed[digest] -= 1
        return self.missed[digest] >= 0

    def _become(self, build: Build, state: str) -> None:
        build.record |= {"readyState": state, "status": state}

    def _domain(self, project: Project) -> str:
        return self.host.url(project.name).partition("://")[2]

    def _is_ours(self, request: Request) -> bool:
        return request.query_params.get("teamId") == TEAM

    def _found(self, request: Request) -> Project | None:
        wanted = request.path_params["project"]
        projects = self.projects.values() if self._is_ours(request) else ()
        return next((each for each in projects if wanted in {each.id, each.name}), None)

    def _owned(self, request: Request) -> tuple[Project | None, Owned | None]:
        project = self._found(request)
        return project, self.names.at(project.name, request.path_params["domain"]) if project else None

    def _of(self, request: Request) -> tuple[Project | None, Build | None]:
        wanted = request.path_params["deployment"]
        for project in self.projects.values() if self._is_ours(request) else ():
            for build in project.builds:
                if wanted in {build.id, build.record["url"]}:
                    return project, build
        return None, None

    def _missing(self) -> Response:
        return self.error(404, "not_found", "It is not there.")
