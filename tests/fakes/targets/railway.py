"""A fake of Railway's API, on Railway's published schema: our documents are validated by it and executed with it.

Awkward in the ways that Railway is: refusals come with status 200, lists come in pages and lag behind, log lines have
no ids, share timestamps and are one more than asked for, a look is refused as a whole while there are no logs yet, a
rollback says just `true`, names are not unique, and the earlier deployment answers until the later one is well.
"""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from graphql import (
    GraphQLError,
    execute,  # pyright: ignore[reportUnknownVariableType] - of an option that is not used
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from tests.fakes.targets import railway_domains
from tests.fakes.targets.hosting import Host, Toy, forwarded
from tests.fakes.targets.names import is_hostname
from tests.fakes.targets.railway_cloud import LAG, Cloud, Deployment, Log, Project, Service, new_id, stamp
from tests.fakes.targets.railway_schema import railway_schema
from tests.fakes.targets.server import Target

_Json = dict[str, Any]
PAGE = 2
"""Items of a list of projects."""


@dataclass
class FakeRailway(Target):
    host: Host = field(init=False)
    cloud: Cloud = field(init=False)
    workspaces: Mapping[str, str] = field(default_factory=lambda: {new_id(): "Alice's", new_id(): "Team of Alice"})
    projects: list[Project] = field(default_factory=list[Project])
    uploads: int = 0
    restarts: int = 0
    most_replicas: int = 50
    refusals: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What operations are refused with, in order."""

    def __post_init__(self) -> None:
        self.toy = Toy(lambda: self.url)
        self.host = self.toy
        self.cloud = Cloud(lambda: self.host, self.background)  # which may be another by then
        self.schema = railway_schema()

    def routes(self) -> list[Route]:
        return [
            self.route("POST", "/graphql/v2", self._graphql, free=True),
            self.route("POST", "/project/{project}/environment/{environment}/up", self._up),
            Route("/domains/{service}/{path:path}", self._edge, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            self.toy.route(),
        ]

    async def close(self) -> None:
        await self.host.close()

    async def name_of(self, request: Request) -> str:
        if request.url.path != "/graphql/v2":
            return await super().name_of(request)
        return f"POST {json.loads(await request.body()).get('operationName')}"

    async def _graphql(self, request: Request) -> Response:
        if self.is_revoked or not self.knows(request):
            return JSONResponse({"errors": [_error("Not Authorized")], "data": None})
        body = json.loads(await request.body())
        if refusals := self.refusals.get(body["operationName"]):
            return JSONResponse({"errors": [_error(refusals.pop(0))], "data": None})
        document = parse(body["query"])
        if errors := validate(self.schema, document):
            self.mistakes.append(str(errors[0]))
            return JSONResponse({"errors": [error.formatted for error in errors]}, 400)
        root = {name.removeprefix("on_"): getattr(self, name) for name in dir(self) if name.startswith("on_")}
        answer = execute(self.schema, document, root, variable_values=body["variables"])
        result = await answer if isawaitable(answer) else answer
        for error in result.errors or []:
            if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
                self.mistakes.append(repr(error.original_error))
        return JSONResponse(result.formatted)

    async def on_apiToken(self, _: object) -> _Json:  # noqa: N802 - the schema's
        return {"workspaces": [{"id": each, "name": name} for each, name in self.workspaces.items()]}

    async def on_projects(self, _: object, **given: Any) -> _Json:
        shown = [
            {"id": project.id, "name": project.name}
            for project in self.projects
            if project.workspace_id == given["workspaceId"] and utc_now() - project.created > LAG
        ]
        return _page(shown, first=min(PAGE, given["first"]), after=given.get("after"))

    async def on_project(self, _: object, **given: Any) -> _Json:
        project = next((each for each in self.projects if each.id == given["id"]), None)
        if project is None:
            raise GraphQLError("Project not found")
        environment = {"id": project.environment_id, "name": "production"}
        services = [{"id": service.id, "name": service.name} for service in project.services]
        return {
            "id": project.id,
            "name": project.name,
            "primaryEnvironmentId": project.environment_id,
            "environments": _page([environment]),
            "services": _page(services),
        }

    async def on_projectCreate(self, _: object, **given: Any) -> _Json:  # noqa: N802
        wanted = given["input"]
        project = Project(wanted["name"], wanted["workspaceId"])
        self.projects.append(project)
        return {"id": project.id, "name": project.name}

    async def on_serviceCreate(self, _: object, **given: Any) -> _Json:  # noqa: N802
        wanted = given["input"]
        project = next(each for each in self.projects if each.id == wanted["projectId"])
        if any(service.name == wanted["name"] for service in project.services):
            raise GraphQLError(f"A service named {wanted['name']} already exists in this project")
        service = Service(project, wanted["name"])
        project.services.append(service)
        return {"id": service.id, "name": service.name}

    async def on_variables(self, _: object, **given: Any) -> _Json:
        service = self._service(given)
        return {"RAILWAY_PROJECT_ID": service.project.id, "RAILWAY_SERVICE_NAME": service.name, **service.variables}

    async def on_variableCollectionUpsert(self, _: object, **given: Any) -> bool:  # noqa: N802
        wanted = given["input"]
        service = self._service(wanted)
        assert not any(name.startswith("RAILWAY_PROJECT") for name in wanted["variables"]), "these are not ours"
        if wanted["replace"]:
            service.variables.clear()
        service.variables.update(wanted["variables"])
        if not wanted["skipDeploys"]:
            self._redeploy(service)
        return True

    async def on_variableDelete(self, _: object, **given: Any) -> bool:  # noqa: N802
        service = self._service(given["input"])
        service.variables.pop(given["input"]["name"], None)
        self._redeploy(service)
        return True

    async def on_domains(self, _: object, **given: Any) -> _Json:
        service = self._service(given)
        owned = self.names.of(service.id)
        shown = [railway_domains.shown(each) for each in owned]
        for each in owned:
            each.looks += 1
        return {"serviceDomains": service.domains, "customDomains": shown}

    async def on_customDomainCreate(self, _: object, **given: Any) -> _Json:  # noqa: N802
        service, name = self._service(given["input"]), given["input"]["domain"]
        if not is_hostname(name):
            raise GraphQLError(f"{name} is not a valid domain")
        if self.names.at(service.id, name):
            raise GraphQLError("Custom domain exists on this service")
        if self.names.is_taken(name):
            raise GraphQLError(f"Domain {name} is not available")
        return railway_domains.shown(self.names.add(service.id, name))

    async def on_customDomainDelete(self, _: object, **given: Any) -> bool:  # noqa: N802
        owned = next((each for each in self.names.owned.values() if each.id == given["id"]), None)
        if owned is None:
            raise GraphQLError("Custom domain not found")
        del self.names.owned[owned.name]
        return True

    async def on_serviceDomainCreate(self, _: object, **given: Any) -> _Json:  # noqa: N802
        service = self._service(given["input"])
        service.domains.append({"id": new_id(), "domain": f"{self.url.partition('//')[2]}/domains/{service.id}"})
        return service.domains[-1]

    async def on_deployment(self, _: object, **given: Any) -> _Json:
        return self._deployment(given["id"]).shown

    async def on_deployments(self, _: object, **given: Any) -> _Json:
        service = self._service(given["input"])
        return _page([each.shown for each in service.deployments if utc_now() - each.created > LAG])

    async def on_deploymentEvents(self, _: object, **given: Any) -> _Json:  # noqa: N802
        return _page(self._deployment(given["id"]).events)

    async def on_buildLogs(self, _: object, **given: Any) -> list[_Json]:  # noqa: N802
        deployment = self._deployment(given["deploymentId"])
        if not deployment.build.lines:
            raise GraphQLError("Build logs not found")
        return self._lines(deployment.build, given)

    async def on_deploymentLogs(self, _: object, **given: Any) -> list[_Json]:  # noqa: N802
        return self._lines(self._deployment(given["deploymentId"]).runtime, given)

    async def on_deploymentCancel(self, _: object, **given: Any) -> bool:  # noqa: N802
        deployment = self._deployment(given["id"])
        if deployment.status in {"SUCCESS", "FAILED", "CRASHED", "REMOVED"}:
            raise GraphQLError("The deployment has ended")
        await self.cloud.remove(deployment)
        return True

    async def on_deploymentRemove(self, _: object, **given: Any) -> bool:  # noqa: N802
        await self.cloud.remove(self._deployment(given["id"]))
        return True

    async def on_deploymentRestart(self, _: object, **given: Any) -> bool:  # noqa: N802
        deployment = self._deployment(given["id"])
        if deployment.status not in {"SUCCESS", "SLEEPING", "CRASHED"}:
            raise GraphQLError("Only what runs can be restarted")
        self.restarts += 1
        await self.cloud.restart(deployment)
        return True

    async def on_serviceInstanceUpdate(self, _: object, **given: Any) -> bool:  # noqa: N802
        wanted = given["input"]
        if wanted.get("numReplicas", 1) > self.most_replicas:
            raise GraphQLError("Your plan allows no more replicas: upgrade it")
        self._service(given).instance |= wanted
        return True

    async def on_deploymentRedeploy(self, _: object, **given: Any) -> _Json:  # noqa: N802
        assert given["usePreviousImageTag"], "nothing is to be built"
        return {"id": self.cloud.redeploy(self._deployment(given["id"])).id}

    async def on_deploymentRollback(self, _: object, **given: Any) -> bool:  # noqa: N802
        deployment = self._deployment(given["id"])
        if not deployment.shown["canRollback"]:
            raise GraphQLError("Cannot roll back to this deployment")
        self.cloud.roll_back(deployment)
        return True

    async def _up(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/gzip"
        query = request.query_params
        service = self._service({"serviceId": query["serviceId"]})
        assert service.project.environment_id == request.path_params["environment"]
        try:
            with tarfile.open(fileobj=io.BytesIO(await request.body()), mode="r:gz") as packed:
                files = {each.name: read.read() for each in packed if (read := packed.extractfile(each)) is not None}
        except tarfile.TarError:
            return JSONResponse({"message": "Failed to read the archive"}, 400)
        self.uploads += 1
        deployment = self.cloud.build(service, files, {"reason": "deploy", "cliMessage": query["message"]})
        logs = f"https://railway.com/project/{service.project.id}/service/{service.id}?id={deployment.id}"
        return JSONResponse({"deploymentId": deployment.id, "url": "", "logsUrl": logs, "deploymentDomain": ""})

    async def _edge(self, request: Request) -> Response:
        """Answer as what is active does."""
        active = self._service({"serviceId": request.path_params["service"]}).active
        if active is None:
            return JSONResponse({"message": "Application not found"}, 404)
        return await forwarded(request, to=self.host.url(active.id))

    def _redeploy(self, service: Service) -> None:
        if service.active is not None:
            self.cloud.build(service, service.active.files, {"reason": "redeploy"})

    def _service(self, given: Mapping[str, Any]) -> Service:
        services = (service for project in self.projects for service in project.services)
        found = next((each for each in services if each.id == given["serviceId"]), None)
        if found is None:
            raise GraphQLError("Service not found")
        return found

    def _deployment(self, deployment_id: str) -> Deployment:
        services = (service for project in self.projects for service in project.services)
        deployments = (each for service in services for each in service.deployments if each.id == deployment_id)
        found = next(deployments, None)
        if found is None:
            raise GraphQLError("Deployment not found")
        return found

    def _lines(self, log: Log, given: Mapping[str, Any]) -> list[_Json]:
        return log.read(limit=given["limit"], start=given.get("startDate"), end=given.get("endDate"))


def _page(items: Sequence[_Json], *, first: int = 100, after: str | None = None) -> _Json:
    start = int(after or 0)
    edges = [
        {"cursor": str(start + index + 1), "node": item} for index, item in enumerate(items[start : start + first])
    ]
    more = {
        "hasNextPage": len(items) > start + first,
        "hasPreviousPage": start > 0,
        "endCursor": str(start + len(edges)),
    }
    return {"edges": edges, "pageInfo": more}


def _error(message: str) -> _Json:
    return {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR"}, "traceId": stamp(utc_now())}
