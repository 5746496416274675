"""A fake of Heroku's platform API. Every request and every answer is valid by Heroku's published schema.

Awkward in the ways that Heroku is: output answers 404 until it exists and is cut in the middle, a release can fail
after its build, a build's release comes late, lists come in pages by `Range`.
"""

import asyncio
import hashlib
import io
import json
import re
import tarfile
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import jsonschema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.core.clock import utc_now
from tests.fakes.targets.heroku_domains import INVALID, PRESENT, TAKEN, domain_record
from tests.fakes.targets.hosting import Code, Host, Toy
from tests.fakes.targets.names import is_hostname
from tests.fakes.targets.server import Target

SCHEMA: Final = json.loads((Path(__file__).parent / "schemas" / "heroku.json").read_text())
SIZES: Final = frozenset({"eco", "basic", "standard-1x", "standard-2x", "performance-m"})
_Json = dict[str, Any]


def _now() -> str:
    return utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _id() -> str:
    return str(uuid.uuid4())


@dataclass
class Output:
    """A text that grows. It exists a moment after it was announced."""

    text: bytearray = field(default_factory=bytearray)
    has_ended: bool = False
    refusals: int = 1
    """How often it is not there yet."""
    cuts: int = 2
    """How often a reader is cut off in the middle of a line."""

    async def emit(self, line: str) -> None:
        self.text += f"{line}\n".encode()
        await asyncio.sleep(0.003)


@dataclass
class App:
    record: _Json
    config: dict[str, str] = field(default_factory=dict[str, str])
    builds: list[_Json] = field(default_factory=list[_Json])
    releases: list[_Json] = field(default_factory=list[_Json])
    code: dict[str, Code] = field(default_factory=dict[str, Code])
    """By slug."""
    kept: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Config vars by release."""
    web: int = 1
    size: str = "basic"
    dyno: str = "down"
    dyno_id: str = field(default_factory=_id)
    log: list[str] = field(default_factory=list[str])

    @property
    def name(self) -> str:
        return str(self.record["name"])

    async def write(self, line: str, *, source: str = "app", process: str = "web.1", ago: float = 0) -> None:
        """Let a dyno write a line, by a clock that is so many seconds behind."""
        stamp = (utc_now() - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        self.log.append(f"{stamp} {source}[{process}]: {line}")


@dataclass
class FakeHeroku(Target):
    host: Host = field(init=False)
    apps: dict[str, App] = field(default_factory=dict[str, App])
    others: set[str] = field(default_factory=set[str])
    """Names of apps of other people."""
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    outputs: dict[str, Output] = field(default_factory=dict[str, Output])
    restarts: int = 0
    scalings: int = 0
    is_paid: bool = True
    """Whether apps have automated certificate management."""
    late_release: bool = True
    """A build succeeds a moment before its release is known."""

    def __post_init__(self) -> None:
        self.toy = Toy(lambda: self.url)
        self.host = self.toy

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/account", self._account),
            self.route("POST", "/apps", self._create_app),
            self.route("GET", "/apps/{app}", self._app),
            self.route("GET", "/apps/{app}/config-vars", self._config),
            self.route("PATCH", "/apps/{app}/config-vars", self._set_config),
            self.route("POST", "/sources", self._source),
            self.route("PUT", "/blobs/{blob}", self._put_blob, free=True),
            self.route("POST", "/apps/{app}/builds", self._create_build),
            self.route("GET", "/apps/{app}/builds", self._list_builds),
            self.route("GET", "/apps/{app}/builds/{build}", self._build),
            self.route("DELETE", "/apps/{app}/builds/{build}", self._cancel_build),
            self.route("GET", "/apps/{app}/releases", self._list_releases),
            self.route("POST", "/apps/{app}/releases", self._roll_back),
            self.route("GET", "/apps/{app}/releases/{release}", self._release),
            self.route("GET", "/apps/{app}/releases/{release}/config-vars", self._kept),
            self.route("GET", "/apps/{app}/dynos", self._dynos),
            self.route("DELETE", "/apps/{app}/dynos", self._restart),
            self.route("GET", "/apps/{app}/formation", self._formation),
            self.route("PATCH", "/apps/{app}/formation", self._scale),
            self.route("POST", "/apps/{app}/log-sessions", self._log_session),
            self.route("POST", "/apps/{app}/domains", self._add_domain),
            self.route("GET", "/apps/{app}/domains/{domain}", self._domain),
            self.route("DELETE", "/apps/{app}/domains/{domain}", self._delete_domain),
            self.route("POST", "/apps/{app}/acm", self._manage_certificates),
            Route("/output/{output}", self._output),
            Route("/logs/{app}", self._log),
            self.toy.route(),
        ]

    async def close(self) -> None:
        await self.host.close()

    async def _account(self, _: Request) -> Response:
        names = SCHEMA["definitions"]["account"]["properties"]
        known: _Json = {"id": _id(), "email": "alice@example.com", "name": "Alice", "verified": True, "beta": False}
        return JSONResponse({name: value for name, value in known.items() if name in names})

    async def _create_app(self, request: Request) -> Response:
        body = await self._body(request, "app", "Create")
        name = body.get("name") or f"app-{_id()[:8]}"
        if name in self.apps or name in self.others:
            return self.error(422, "invalid_params", f"Name {name} is already taken")
        if not re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", name):
            return self.error(422, "invalid_params", "Name must start with a letter and can only contain lowercase")
        return self._answer("app", self.add(name, body.get("region", "us")).record, 201)

    def add(self, name: str, region: str = "us") -> App:
        """Make an app."""
        stack = {"id": _id(), "name": "heroku-24"}
        record: _Json = {
            "acm": False,
            "archived_at": None,
            "buildpack_provided_description": None,
            "build_stack": stack,
            "created_at": _now(),
            "generation": {"id": _id(), "name": "cedar"},
            "git_url": f"https://git.heroku.com/{name}.git",
            "id": _id(),
            "internal_routing": False,
            "maintenance": False,
            "name": name,
            "owner": {"email": "alice@example.com", "id": _id()},
            "organization": None,
            "team": None,
            "region": {"id": _id(), "name": region},
            "released_at": None,
            "repo_size": 0,
            "slug_size": 0,
            "space": None,
            "stack": stack,
            "updated_at": _now(),
            "web_url": f"{self.host.url(name)}/",
        }
        self.apps[name] = App(record)
        return self.apps[name]

    async def _app(self, request: Request) -> Response:
        if request.path_params["app"] in self.others:
            return self.error(403, "forbidden", "You do not have access to the app.")
        app = self._found(request)
        return self._answer("app", app.record) if app else self._missing()

    async def _config(self, request: Request) -> Response:
        app = self._found(request)
        return JSONResponse(app.config) if app else self._missing()

    async def _set_config(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        for name, value in (await self._body(request, "config-var", "Update")).items():
            if value is None:
                app.config.pop(name, None)
            else:
                app.config[name] = value
        current = app.releases[-1]["slug"] if app.releases else None
        await self._new_release(app, "Set config vars", slug=current)
        return JSONResponse(app.config)

    async def _source(self, _: Request) -> Response:
        blob = f"{self.url}/blobs/{_id()}"
        return self._answer("source", {"source_blob": {"get_url": blob, "put_url": blob}}, 201)

    async def _put_blob(self, request: Request) -> Response:
        assert "content-type" not in request.headers, "S3 signs the URL without a type"
        self.blobs[request.path_params["blob"]] = await request.body()
        return Response(status_code=200)

    async def _create_build(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        body = await self._body(request, "build", "Create")
        source = body["source_blob"]
        content = self.blobs[source["url"].rpartition("/")[2]]
        if source.get("checksum") != f"SHA256:{hashlib.sha256(content).hexdigest()}":
            return self.error(422, "invalid_params", "The checksum is another.")
        build_id = _id()
        self.outputs[build_id] = Output()
        build: _Json = {
            "app": {"id": app.record["id"]},
            "buildpacks": [{"name": each["name"], "url": "urn:buildpack:nodejs"} for each in body["buildpacks"]],
            "created_at": _now(),
            "id": build_id,
            "output_stream_url": f"{self.url}/output/{build_id}",
            "source_blob": source,
            "release": None,
            "slug": None,
            "stack": "heroku-24",
            "status": "pending",
            "updated_at": _now(),
            "user": {"id": _id(), "email": "alice@example.com"},
        }
        app.builds.append(build)
        self.background(self._run_build(app, build, content))
        return self._answer("build", build, 201)

    async def _run_build(self, app: App, build: _Json, content: bytes) -> None:
        output = self.outputs[build["id"]]
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as packed:
            files = {each.name: read.read() for each in packed if (read := packed.extractfile(each)) is not None}
        built = await self.host.build(files, app.config, output.emit)
        output.has_ended = True
        if build["status"] != "pending":  # canceled meanwhile
            return
        build["status"] = "succeeded" if built else "failed"
        if not built:
            return
        command = re.search(rb"^web: (.*)$", files.get("Procfile", b""), re.MULTILINE)
        slug = {"id": _id()}
        app.code[slug["id"]] = Code(files, command.group(1).decode() if command else "npm start")
        build["slug"] = slug
        if self.late_release:
            await asyncio.sleep(0.05)
        release = await self._new_release(app, "Deploy", slug=slug, phase="release-phase" in files)
        build["release"] = {"id": release["id"]}

    async def _new_release(self, app: App, description: str, *, slug: _Json | None, phase: bool = False) -> _Json:
        release_id = _id()
        release: _Json = {
            "addon_plan_names": [],
            "artifacts": [],
            "app": {"name": app.name, "id": app.record["id"]},
            "created_at": _now(),
            "description": description,
            "id": release_id,
            "updated_at": _now(),
            "slug": slug,
            "status": "pending" if phase else "succeeded",
            "user": {"id": _id(), "email": "alice@example.com"},
            "version": len(app.releases) + 1,
            "current": True,
            "output_stream_url": f"{self.url}/output/{release_id}" if phase else None,
            "eligible_for_rollback": True,
        }
        for earlier in app.releases:
            earlier["current"] = False
        app.releases.append(release)
        app.kept[release_id] = dict(app.config)
        await app.write(f"Release v{release['version']} created by user alice@example.com", process="api")
        if phase:
            self.outputs[release_id] = Output()
            self.background(self._release_phase(app, release))
        elif slug is not None:
            self.background(self._run(app, release))
        return release

    async def _release_phase(self, app: App, release: _Json) -> None:
        output = self.outputs[release["id"]]
        for number in range(3):
            await output.emit(f"migrating {number}")
        failed = b"fail" in app.code[release["slug"]["id"]].files["release-phase"]
        output.has_ended = True
        release["status"] = "failed" if failed else "succeeded"
        if not failed:
            await self._run(app, release)

    async def _run(self, app: App, release: _Json) -> None:
        if not app.web:
            await self.host.stop(app.name)
            app.dyno = "down"
            return
        code = app.code[release["slug"]["id"]]
        app.dyno, app.dyno_id = "starting", (dyno_id := _id())
        came_up = await self.host.start(app.name, code, app.kept[release["id"]], app.write)
        if app.dyno_id != dyno_id:  # another was started meanwhile, for which this one was ended
            return
        app.dyno = "up" if came_up else "crashed"
        await app.write(f"State changed from starting to {app.dyno}", source="heroku")

    async def _list_builds(self, request: Request) -> Response:
        app = self._found(request)
        return self._page(request, "build", app.builds) if app else self._missing()

    async def _build(self, request: Request) -> Response:
        build = self._of(request, "build")
        return self._answer("build", build) if build else self._missing()

    async def _cancel_build(self, request: Request) -> Response:
        build = self._of(request, "build")
        if build is None:
            return self._missing()
        if build["status"] != "pending":
            return self.error(422, "invalid_params", "The build has ended.")
        build["status"] = "failed"
        return self._answer("build", build)

    async def _list_releases(self, request: Request) -> Response:
        app = self._found(request)
        return self._page(request, "release", app.releases) if app else self._missing()

    async def _release(self, request: Request) -> Response:
        release = self._of(request, "release")
        return self._answer("release", release) if release else self._missing()

    async def _kept(self, request: Request) -> Response:
        app, release = self._found(request), self._of(request, "release")
        return JSONResponse(app.kept[release["id"]]) if app and release else self._missing()

    async def _roll_back(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        if "slug" in (sent := json.loads(await request.body())):
            return await self._release_slug(app, sent["slug"], await self._body(request, "release", "Create"))
        body = await self._body(request, "release", "Rollback")
        earlier = next((each for each in app.releases if each["id"] == body["release"]), None)
        if earlier is None or earlier["slug"] is None or earlier["status"] != "succeeded":
            return self.error(422, "invalid_params", "It can't be rolled back to.")
        app.config = dict(app.kept[earlier["id"]])
        release = await self._new_release(app, f"Rollback to v{earlier['version']}", slug=earlier["slug"])
        return self._answer("release", release, 201)

    async def _release_slug(self, app: App, slug: str, body: _Json) -> Response:
        """Release what any app of the account has built (devcenter.heroku.com/articles/platform-api-copying-slugs)."""
        built = next((each.code[slug] for each in self.apps.values() if slug in each.code), None)
        if built is None:
            return self.error(422, "invalid_params", "There is no such slug.")
        app.code[slug] = built
        phase = "release-phase" in built.files
        release = await self._new_release(app, body.get("description", "Deploy"), slug={"id": slug}, phase=phase)
        return self._answer("release", release, 201)

    async def _dynos(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        if not app.releases or not app.web or app.dyno == "down":
            return JSONResponse([])
        release = next(each for each in reversed(app.releases) if each["status"] == "succeeded")
        dyno: _Json = {
            "attach_url": None,
            "command": "npm start",
            "created_at": _now(),
            "id": app.dyno_id,
            "name": "web.1",
            "release": {"id": release["id"], "version": release["version"]},
            "app": {"name": app.name, "id": app.record["id"]},
            "size": "Basic",
            "state": app.dyno,
            "type": "web",
            "updated_at": _now(),
        }
        self._valid({"$ref": "#/definitions/dyno"}, dyno)
        return JSONResponse([dyno])

    async def _restart(self, request: Request) -> Response:
        """Take the order: dynos are started again a moment later."""
        app = self._found(request)
        if app is None:
            return self._missing()
        self.restarts += 1
        self.background(self._restarted(app))
        return JSONResponse({}, 202)

    async def _restarted(self, app: App) -> None:
        await asyncio.sleep(0.05)
        await app.write("Stopping all processes with SIGTERM", source="heroku")
        await self._run(app, next(each for each in reversed(app.releases) if each["status"] == "succeeded"))

    async def _scale(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        (update,) = (await self._body(request, "formation", "Batch Update"))["updates"]
        size = update.get("dyno_size", {}).get("name", app.size)
        if size not in SIZES:
            return self.error(422, "invalid_params", f"No such size: {size}.")
        quantity, has_grown = update.get("quantity", app.web), size != app.size
        if size == "eco" and quantity > 1:
            return self.error(422, "invalid_params", "Cannot run more than 1 Eco size dynos per process type.")
        app.size = size
        if quantity != app.web or has_grown or (quantity and app.dyno == "down"):
            self.scalings += 1
            app.web = quantity
            release = next((each for each in reversed(app.releases) if each["slug"]), None)
            if release is not None:
                await self._run(app, release)
        return self._formation_of(app)

    async def _formation(self, request: Request) -> Response:
        app = self._found(request)
        return self._formation_of(app) if app else self._missing()

    def _formation_of(self, app: App) -> Response:
        process: _Json = {
            "app": {"name": app.name, "id": app.record["id"]},
            "command": "npm start",
            "created_at": _now(),
            "dyno_size": {"id": _id(), "name": app.size},
            "id": _id(),
            "quantity": app.web,
            "size": app.size,
            "type": "web",
            "updated_at": _now(),
        }
        self._valid({"$ref": "#/definitions/formation"}, process)
        return JSONResponse([process] if app.releases else [])

    async def _log_session(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        lines = (await self._body(request, "log-session", "Create"))["lines"]
        session = {
            "created_at": _now(),
            "id": _id(),
            "logplex_url": f"{self.url}/logs/{app.name}?lines={lines}",
            "updated_at": _now(),
        }
        return self._answer("log-session", session, 201)

    async def _add_domain(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        name = (await self._body(request, "domain", "Create"))["hostname"]
        if self.names.at(app.name, name):
            return self.error(422, "invalid_params", PRESENT)
        if self.names.is_full:
            return self.error(422, "invalid_params", "You have reached the limit of domains for this app.")
        if self.names.is_taken(name) or not is_hostname(name):
            return self.error(422, "invalid_params", TAKEN.format(name) if is_hostname(name) else INVALID)
        return self._answer("domain", domain_record(self.names.add(app.name, name), app.record, at=_now()), 201)

    async def _domain(self, request: Request) -> Response:
        app = self._found(request)
        owned = self.names.at(app.name, request.path_params["domain"], look=app.record["acm"]) if app else None
        if app is None or owned is None:
            return self._missing()
        return self._answer("domain", domain_record(owned, app.record, at=_now()))

    async def _delete_domain(self, request: Request) -> Response:
        app = self._found(request)
        owned = self.names.at(app.name, request.path_params["domain"]) if app else None
        if app is None or owned is None:
            return self._missing()
        del self.names.owned[owned.name]
        return self._answer("domain", domain_record(owned, app.record, at=_now()))

    async def _manage_certificates(self, request: Request) -> Response:
        app = self._found(request)
        if app is None:
            return self._missing()
        if not self.is_paid:
            return self.error(402, "payment_required", "ACM is not available for Eco dynos.")
        app.record["acm"] = True
        return self._answer("app", app.record)

    async def _log(self, request: Request) -> Response:
        lines = self.apps[request.path_params["app"]].log[-1500:][-int(request.query_params["lines"]) :]
        if "text/event-stream" in request.headers.get("accept", ""):
            sent = "".join(f"id: {number}\ndata: {line}\n\n" for number, line in enumerate(lines))
            return Response(sent, media_type="text/event-stream")
        return Response("".join(f"{line}\n" for line in lines), media_type="application/logplex-1")

    async def _output(self, request: Request) -> Response:
        output = self.outputs[request.path_params["output"]]
        if output.refusals:
            output.refusals -= 1
            return Response(status_code=404)
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", "bytes=0-"))
        position = int(asked.group(1)) if asked else 0
        if position > len(output.text):
            return Response(status_code=416)
        cut = output.cuts > 0
        output.cuts -= cut

        async def text() -> AsyncIterator[bytes]:
            sent = position
            while True:
                if len(output.text) > sent:
                    chunk = bytes(output.text[sent:])
                    if cut and len(output.text) > 100:
                        yield chunk[: len(chunk) // 2 + 1]
                        raise ConnectionError
                    yield chunk
                    sent += len(chunk)
                elif output.has_ended:
                    return
                await asyncio.sleep(0.003)

        return StreamingResponse(text(), 206 if position else 200, media_type="text/plain")

    def _found(self, request: Request) -> App | None:
        wanted = request.path_params["app"]
        return next((app for app in self.apps.values() if wanted in {app.name, app.record["id"]}), None)

    def _of(self, request: Request, what: str) -> _Json | None:
        app = self._found(request)
        records = [] if app is None else app.builds if what == "build" else app.releases
        wanted = request.path_params[what]
        return next((each for each in records if wanted in {each["id"], str(each.get("version"))}), None)

    def _page(self, request: Request, what: str, records: list[_Json]) -> Response:
        asked = re.search(r"order=desc.*?max=(\d+)|max=(\d+).*?order=desc", request.headers.get("range", ""))
        most = int(asked.group(1) or asked.group(2)) if asked else 200
        shown = list(reversed(records))[:most] if asked else records[:most]
        for record in shown:
            self._valid({"$ref": f"#/definitions/{what}"}, record)
        return JSONResponse(shown, 206 if len(records) > len(shown) else 200)

    async def _body(self, request: Request, what: str, title: str) -> _Json:
        assert re.search(r"application/vnd\.heroku\+json; ?version=3", request.headers["accept"])
        body = json.loads(await request.body() or b"{}")
        links = SCHEMA["definitions"][what]["links"]
        link = next(each for each in links if each["title"] == title and "schema" in each)
        self._valid(link["schema"], body)
        return body

    def _answer(self, what: str, record: _Json, status: int = 200) -> Response:
        elsewhere = {"web_url": f"https://{record['name']}.herokuapp.com/"} if what == "app" else {}
        self._valid({"$ref": f"#/definitions/{what}"}, {**record, **elsewhere})  # ours answers on this machine
        return JSONResponse(record, status)

    def _valid(self, schema: _Json, value: object) -> None:
        jsonschema.Draft4Validator({**schema, "definitions": SCHEMA["definitions"]}).validate(value)  # pyright: ignore[reportUnknownMemberType] - untyped

    def _missing(self) -> Response:
        return self.error(404, "not_found", "Couldn't find that.")
