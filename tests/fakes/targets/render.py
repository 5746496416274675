"""A fake of Render's API (api-docs.render.com). It builds what commits of the fake GitHub have.

Awkward in the ways that Render is: it takes no source; a new service brings a deploy with it; another deploy may wait
and has no id then; a restart and a resumption are deploys, too; lists have pages of 20, and lag behind; variables are
replaced as a whole; logs are kept by service, a moment late, with timestamps that lines share, in pages that overlap;
limits say how long they last as `Ratelimit-Reset` alone; a repository that it can't read is refused, or not cloned.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from services.core.credentials import Credentials
from tests.fakes.targets.github import FakeGitHub
from tests.fakes.targets.hosting import Host, Toy, forwarded
from tests.fakes.targets.names import Owned, is_hostname
from tests.fakes.targets.render_logs import LAG, Log, new_id, stamp
from tests.fakes.targets.render_service import Cloud, Deploy, Service
from tests.fakes.targets.server import Target

Json = dict[str, Any]
Kept = Callable[[Request, Service], Awaitable[Response]]

PLANS: Final = {"free", "starter", "standard", "pro"}
REGIONS: Final = {"oregon", "ohio", "virginia", "frankfurt", "singapore"}
MOST: Final = 100
USUAL: Final = 20
"""Items of a list where nobody says how many."""


@dataclass
class FakeRender(Target):
    host: Host = field(init=False)
    github: FakeGitHub = field(default_factory=FakeGitHub)
    owners: list[Json] = field(default_factory=lambda: [owner("Alice's workspace")])
    services: dict[str, Service] = field(default_factory=dict[str, Service])
    """By id."""
    bodies: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    """What came with calls."""
    begun: int = 0
    """Deploys that were asked for, and those that came with a service."""
    restarts: int = 0
    may_read: bool = True
    """Whether Render's GitHub app has access to repositories, which nobody else may read."""
    knows_github: bool = True
    """Whether the workspace has been connected with GitHub: else a repository is refused at once."""
    wants_payment: bool = False
    accepts: bool = False
    """Whether a deploy is accepted without being shown."""
    resumes_newest: bool = False
    """Whether a service is resumed with the newest commit of its branch, or with the one that ran."""

    def __post_init__(self) -> None:
        self.toy = Toy(lambda: self.url)
        self.host = self.toy
        self.cloud = Cloud(lambda: self.host, self.background, self._clone)

    @property
    def code_host(self) -> Credentials:
        return self.github.credentials

    def __enter__(self) -> Self:
        self.github.__enter__()
        return super().__enter__()

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        self.github.__exit__(*details)

    def routes(self) -> list[Route]:
        one = "/v1/services/{service}"
        return [
            self.route("GET", "/v1/owners", self._owners),
            self.route("POST", "/v1/services", self._create),
            self.route("GET", "/v1/services", self._list),
            self._of("GET", one, self._service),
            self._of("PATCH", one, self._update),
            self._of("GET", f"{one}/env-vars", self._variables),
            self._of("PUT", f"{one}/env-vars", self._set_variables),
            self._of("GET", f"{one}/instances", self._instances),
            self._of("GET", f"{one}/events", self._events),
            self._of("POST", f"{one}/deploys", self._deploy),
            self._of("GET", f"{one}/deploys", self._deploys),
            self._of("GET", f"{one}/deploys/{{deploy}}", self._one_deploy),
            self._of("POST", f"{one}/deploys/{{deploy}}/cancel", self._cancel),
            self._of("POST", f"{one}/rollback", self._roll_back),
            self._of("POST", f"{one}/restart", self._restart),
            self._of("POST", f"{one}/suspend", self._suspend),
            self._of("POST", f"{one}/resume", self._resume),
            self._of("POST", f"{one}/scale", self._scale),
            self._of("POST", f"{one}/custom-domains", self._add_domain),
            self._of("GET", f"{one}/custom-domains/{{domain}}", self._domain),
            self._of("DELETE", f"{one}/custom-domains/{{domain}}", self._delete_domain),
            self._of("POST", f"{one}/custom-domains/{{domain}}/verify", self._verify_domain),
            self.route("GET", "/v1/logs", self._logs),
            Route("/onrender/{name}/{path:path}", self._edge, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            self.toy.route(),
        ]

    async def close(self) -> None:
        await self.host.close()

    async def name_of(self, request: Request) -> str:
        name = await super().name_of(request)
        if body := await request.body():
            self.bodies.append((name, json.loads(body)))
        return name

    def limited(self, request: Request) -> Response:  # noqa: ARG002 - the base's
        answer = self.error(429, "rate_limited", "You have exceeded the rate limit.")
        answer.headers.update({"ratelimit-limit": "30", "ratelimit-remaining": "0"})
        answer.headers["ratelimit-reset"] = str(self.retry_after)
        return answer

    def _of(self, method: str, path: str, endpoint: Kept) -> Route:
        async def answer(request: Request) -> Response:
            service = self.services.get(request.path_params["service"])
            return await endpoint(request, service) if service else self._missing("service")

        return self.route(method, path, answer)

    async def _owners(self, request: Request) -> Response:
        return _page(request, "owner", self.owners)

    async def _create(self, request: Request) -> Response:
        body: Json = await request.json()
        if refusal := self._refusal(body):
            return refusal
        service = Service(self._record(body), {each["key"]: each["value"] for each in body["envVars"]}, Log(""))
        service.log.service_id = service.id
        self.services[service.id] = service
        deploy = self._new(service, self._head(service), "api")
        self.begun += 1
        self.cloud.begin(deploy)
        return JSONResponse({"service": service.record, "deployId": deploy.id}, 201)

    def _refusal(self, body: Json) -> Response | None:
        details = body["serviceDetails"]
        if body["ownerId"] not in {each["id"] for each in self.owners}:
            return self.error(400, "", "invalid ownerId")
        if any((each.record["ownerId"], each.name) == (body["ownerId"], body["name"]) for each in self._all):
            return self.error(409, "", f"name already in use: {body['name']}")
        if not self.knows_github or self._repository(body["repo"]) not in self.github.repositories:
            return self._unfetchable(body["repo"])
        if self.wants_payment:
            return self.error(402, "", "Payment information is required to complete this request.")
        assert body["type"] == "web_service"
        assert body["autoDeploy"] == "no"
        assert details["plan"] in PLANS
        assert details["region"] in REGIONS
        assert {"buildCommand", "startCommand"} == details["envSpecificDetails"].keys()
        return None

    def _record(self, body: Json) -> Json:
        asked, now = body["serviceDetails"], stamp(utc_now())
        service_id = new_id("srv")
        details: Json = {
            "env": asked["runtime"],
            "runtime": asked["runtime"],
            "envSpecificDetails": asked["envSpecificDetails"],
            "healthCheckPath": asked.get("healthCheckPath", ""),
            "numInstances": asked.get("numInstances", 1),
            "openPorts": [],
            "plan": asked["plan"],
            "buildPlan": "starter",
            "region": asked["region"],
            "previews": {"generation": "off"},
            "pullRequestPreviewsEnabled": "no",
            "url": f"{self.url}/onrender/{body['name']}",
        }
        return {
            "id": service_id,
            "type": body["type"],
            "name": body["name"],
            "slug": body["name"],
            "ownerId": body["ownerId"],
            "repo": body["repo"],
            "branch": body["branch"],
            "autoDeploy": body["autoDeploy"],
            "autoDeployTrigger": "off",
            "rootDir": "",
            "notifyOnFail": "default",
            "dashboardUrl": f"https://dashboard.render.com/web/{service_id}",
            "suspended": "not_suspended",
            "suspenders": [],
            "createdAt": now,
            "updatedAt": now,
            "serviceDetails": details,
        }

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        shown = [
            each.record
            for each in self._all
            if utc_now() - each.created > LAG
            and each.name in (query.getlist("name") or [each.name])
            and each.record["ownerId"] in (query.getlist("ownerId") or [each.record["ownerId"]])
        ]
        return _page(request, "service", shown)

    async def _service(self, _: Request, service: Service) -> Response:
        return JSONResponse(service.record)

    async def _update(self, request: Request, service: Service) -> Response:
        body: Json = await request.json()
        details = body.pop("serviceDetails", {})
        if "repo" in body and self._repository(body["repo"]) not in self.github.repositories:
            return self._unfetchable(body["repo"])
        assert body.keys() <= {"repo", "branch", "autoDeploy"}
        assert details.keys() <= {"runtime", "envSpecificDetails", "healthCheckPath", "plan"}
        if details.get("plan", "free") not in PLANS:
            return self.error(400, "", "invalid plan")
        service.record |= body
        service.details.update(details)
        return JSONResponse(service.record)

    async def _variables(self, request: Request, service: Service) -> Response:
        return _page(request, "envVar", [{"key": key, "value": value} for key, value in service.variables.items()])

    async def _set_variables(self, request: Request, service: Service) -> Response:
        listed: list[Json] = await request.json()
        if not self.may_read:  # though variables have nothing to do with it
            return self.error(404, "", "not found: https://api.github.com/repositories/1000")
        service.variables = {each["key"]: each["value"] for each in listed}
        return JSONResponse([{"envVar": each, "cursor": str(number)} for number, each in enumerate(listed)])

    async def _instances(self, _: Request, service: Service) -> Response:
        live = service.live
        running = [live.instance] if live and not service.is_suspended else []
        return JSONResponse([{"id": each, "createdAt": stamp(utc_now())} for each in running])

    async def _events(self, request: Request, service: Service) -> Response:
        kind = request.query_params.get("type")
        return _page(request, "event", [each for each in service.events if kind in {None, each["type"]}])

    async def _deploy(self, request: Request, service: Service) -> Response:
        body: Json = await request.json()
        if service.is_suspended:
            return self.error(400, "", "cannot deploy a suspended service")
        commit = body.get("commitId") or self._head(service)
        if commit not in self._git(service).commits:
            return self.error(404, "", f"commit not found: {commit}")
        deploy = self._new(service, commit, "api")
        self.begun += 1
        has_begun = self.cloud.begin(deploy)
        return JSONResponse(deploy.shown, 201) if has_begun and not self.accepts else Response(status_code=202)

    async def _deploys(self, request: Request, service: Service) -> Response:
        return _page(request, "deploy", [each.shown for each in service.listed()])

    async def _one_deploy(self, request: Request, service: Service) -> Response:
        deploy = _found(service, request.path_params["deploy"])
        return JSONResponse(deploy.shown) if deploy else self._missing("deploy")

    async def _cancel(self, request: Request, service: Service) -> Response:
        deploy = _found(service, request.path_params["deploy"])
        if deploy is None:
            return self._missing("deploy")
        if deploy is not service.under_way:
            return self.error(400, "", "deploy is not in progress")
        self.cloud.cancel(deploy)
        return JSONResponse(deploy.shown)

    async def _roll_back(self, request: Request, service: Service) -> Response:
        to = _found(service, (await request.json())["deployId"])
        if to is None:
            return self._missing("deploy")
        if to.files is None or to.status not in {"live", "deactivated"}:
            return self.error(400, "", "the build of this deploy is not available")
        settings = replace(to.settings, plan=service.details["plan"])  # which a rollback does not bring back
        deploy = Deploy(service, to.commit, to.message, "rollback", settings, to.files)
        self.cloud.begin(deploy, is_shown=True)
        return JSONResponse(deploy.shown, 201)

    async def _restart(self, _: Request, service: Service) -> Response:
        live = service.live
        if live is None or service.is_suspended:
            return self.error(400, "", "nothing runs")
        self.restarts += 1
        self.cloud.begin(Deploy(service, live.commit, live.message, "manual", live.settings, live.files))
        return Response(status_code=200)

    async def _suspend(self, _: Request, service: Service) -> Response:
        service.suspend("user")
        if service.live is not None:
            await self.host.stop(service.live.site)
        return Response(status_code=202)

    async def _resume(self, _: Request, service: Service) -> Response:
        if service.is_suspended:
            service.record |= {"suspended": "not_suspended", "suspenders": []}
            live = service.live
            commit = live.commit if live and not self.resumes_newest else self._head(service)
            self.cloud.begin(self._new(service, commit, "service_resumed"))
        return Response(status_code=202)

    async def _scale(self, request: Request, service: Service) -> Response:
        if service.details["plan"] == "free":
            return self.error(400, "", "free services can not be scaled")
        number = service.details["numInstances"] = (await request.json())["numInstances"]
        if service.live is not None:
            service.live.settings = replace(service.live.settings, instances=number)
        return Response(status_code=202)

    async def _add_domain(self, request: Request, service: Service) -> Response:
        name = (await request.json())["name"]
        if not is_hostname(name):
            return self.error(400, "", f"invalid domain name: {name} is not a valid domain")
        if self.wants_payment:
            return self.error(402, "", "Payment information is required to complete this request.")
        if self.names.is_taken(name):
            return self.error(409, "", f"domain {name} is already in use")
        owned = self.names.add(service.id, name)
        twin = [_domain(owned, service, redirect=f"www.{name}")] if name.count(".") == 1 else []
        return JSONResponse([*twin, _domain(owned, service)], 201)

    async def _domain(self, request: Request, service: Service) -> Response:
        owned = self.names.at(service.id, request.path_params["domain"])
        return JSONResponse(_domain(owned, service)) if owned else self._missing("custom domain")

    async def _delete_domain(self, request: Request, service: Service) -> Response:
        owned = self.names.at(service.id, request.path_params["domain"])
        if owned is None:
            return self._missing("custom domain")
        del self.names.owned[owned.name]
        return Response(status_code=204)

    async def _verify_domain(self, request: Request, service: Service) -> Response:
        owned = self.names.at(service.id, request.path_params["domain"], look=True)
        return Response(status_code=202) if owned else self._missing("custom domain")

    async def _logs(self, request: Request) -> Response:
        query = request.query_params
        service = self.services.get(query["resource"])
        limit = int(query.get("limit", USUAL))
        if service is None or service.record["ownerId"] != query["ownerId"]:
            return self._missing("resource")
        if not 1 <= limit <= MOST:
            return self.error(400, "", "limit must be between 1 and 100")
        assert query["direction"] == "forward", "all that is made here"
        times = {name: datetime.fromisoformat(query[name]) for name in ("startTime", "endTime") if name in query}
        return JSONResponse(
            service.log.page(query.getlist("type"), start=times.get("startTime"), end=times.get("endTime"), limit=limit)
        )

    async def _edge(self, request: Request) -> Response:
        """Answer as what is live does."""
        name = request.path_params["name"]
        service = next((each for each in self._all if each.name == name), None)
        if service is None or service.live is None or service.is_suspended:
            return JSONResponse({"message": "Not Found"}, 404)
        return await forwarded(request, to=self.host.url(service.live.site))

    @property
    def _all(self) -> Sequence[Service]:
        return list(self.services.values())

    def running(self, name: str) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
        """Return the files and the variables of what is live. Raises StopIteration where nothing is."""
        service = next(each for each in self._all if each.name == name)
        assert service.live is not None
        return service.live.files or {}, service.live.settings.variables

    def _new(self, service: Service, commit: str, trigger: str) -> Deploy:
        message = self._git(service).commits[commit].message
        return Deploy(service, commit, message, trigger, service.settings)

    def _head(self, service: Service) -> str:
        return self._git(service).branches[service.record["branch"]]

    def _git(self, service: Service) -> Any:
        return self.github.repositories[self._repository(service.record["repo"])].git

    def _clone(self, repo: str, commit: str) -> Mapping[str, bytes] | None:
        return self.github.files(self._repository(repo), commit) if self.may_read else None

    def _repository(self, repo: str) -> str:
        """Return the full name in the address of a repository."""
        assert repo.startswith("https://github.com/")
        assert not repo.endswith(".git")
        return repo.removeprefix("https://github.com/")

    def _unfetchable(self, repo: str) -> Response:
        return self.error(
            400, "", f"passed in repository URL is invalid or unfetchable: {repo}. Accepted formats are: …"
        )

    def _missing(self, what: str) -> Response:
        return self.error(404, "", f"{what} not found")


def _domain(owned: Owned, service: Service, *, redirect: str = "") -> Json:
    return {
        "id": f"cdm-{owned.id[:20]}",
        "name": redirect or owned.name,
        "domainType": "apex" if owned.name.count(".") == 1 and not redirect else "subdomain",
        "publicSuffix": owned.name.rpartition(".")[2],
        "redirectForName": owned.name if redirect else "",
        "verificationStatus": "verified" if owned.is_seen else "unverified",
        "createdAt": stamp(service.created),
        "server": {"id": service.id, "name": service.name},
    }


def owner(name: str) -> Json:
    """Return a workspace."""
    return {"id": new_id("tea"), "name": name, "email": "alice@example.com", "type": "team"}


def _found(service: Service, deploy_id: str) -> Deploy | None:
    return next((each for each in service.deploys if each.id == deploy_id), None)


def _page(request: Request, name: str, items: Sequence[Json]) -> Response:
    """Answer with a page of a list: each item with the cursor behind it."""
    query = request.query_params
    start, limit = int(query.get("cursor", "0")), int(query.get("limit", USUAL))
    assert limit <= MOST
    page = items[start : start + limit]
    listed = [{"cursor": str(start + number + 1), name: item} for number, item in enumerate(page)]
    return JSONResponse(json.loads(json.dumps(listed)))
