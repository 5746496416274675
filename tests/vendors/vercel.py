"""Vercel's command line and its SDK, against our fake; and its builder, on what we send it."""

import json
import os
import string
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Final

from services.designs.schema import SchemaModel
from services.platforms import npm
from services.platforms.vercel.source import fitted, settings
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.fakes.targets.vercel import FakeVercel
from tests.fakes.targets.vercel_project import TEAM
from tests.services.platforms.test_targets import vercel as vercel_rig
from tests.vendors.client import NPM, Program, version
from tests.vendors.proof import Proof
from tests.vendors.rigs import deploy

_QUIET: Final = {"NO_UPDATE_NOTIFIER": "1", "VERCEL_TELEMETRY_DISABLED": "1"}


def proofs(home: Path) -> Iterator[Proof]:
    """Deploy twice by our adapter, and have Vercel's clients read it all, deploy and roll back."""
    with contextmanager(vercel_rig)() as rig:
        fake = rig.fake
        assert isinstance(fake, FakeVercel)
        deploy(rig, "deployment_1", KEY="value-1")
        deploy(rig, "deployment_2", KEY="value-2")
        yield from _command_line(fake, home)
        yield from _sdk(fake)
    yield from _builder(home)


def _command_line(fake: FakeVercel, home: Path) -> Iterator[Proof]:
    by = version("vercel")
    (project,) = fake.projects.values()
    app = _folder(home / "app", project.id, {"package.json": b"{}", "server.js": b"by the client"})
    program = Program("vercel", home, _QUIET)

    def vercel(*arguments: str) -> str:
        return program(*arguments, "--cwd", str(app), "--api", fake.url, "--token", fake.token)

    assert vercel("whoami").strip() == "alice"
    yield Proof(by, "`whoami` reads the account and its default team.")
    second = json.loads(vercel("inspect", str(project.production), "--format", "json"))
    assert (second["id"], second["readyState"]) == (project.production, "READY")
    yield Proof(by, "`inspect` reads a deployment that our adapter made.")
    assert "Sensitive" in vercel("env", "ls", "production")
    yield Proof(by, "`env ls` reads the variables that a deployment set.")
    rows = [
        json.loads(line)
        for line in vercel("logs", "--deployment", second["id"], "--no-follow", "--json").split("\n")
        if line
    ]
    assert "Listening" in {row["message"] for row in rows}
    yield Proof(by, "`logs` reads the logs of requests, where our adapter reads them.")
    before = len(fake.files)
    vercel("deploy", "--prod", "--yes")
    assert len(project.builds) == 3
    assert len(fake.files) > before
    assert fake.toy.running[project.name][0].files["server.js"] == b"by the client"
    yield Proof(
        by, "`deploy` asks, sends the files that are missing, asks again, follows the events and sees the domain."
    )
    vercel("rollback", second["id"], "--yes")
    assert project.production == second["id"]
    yield Proof(by, "`rollback` asks for it, and sees in the project that it succeeded.")


def _sdk(fake: FakeVercel) -> Iterator[Proof]:
    by = version("@vercel/sdk")
    (project,) = fake.projects.values()
    first = project.builds[0].id
    script = [NPM / "vercel-sdk.mjs", fake.url, fake.token, TEAM, project.name, first]
    environment = {"PATH": os.environ["PATH"]}  # noqa: TID251 - where Node is
    done = subprocess.run(["node", *script], env=environment, capture_output=True, text=True, timeout=120, check=True)
    for name, answer in json.loads(done.stdout).items():
        assert "error" not in answer, f"{name}: {answer['error']}"
        yield Proof(by, f"`{name}`: its answer is of the type that the SDK, made from Vercel's schema, demands.")
    assert first not in {build.id for build in project.builds}


def _builder(home: Path) -> Iterator[Proof]:
    """Build a backend of the scaffold as Vercel does, and load the function that comes of it."""
    by = version("vercel")
    schema: SchemaModel = derive_schema("A library with books")
    source = write_backend(project_name="Library", description="", schema=schema)
    archive = {path: text.encode() for path, text in source.items()}
    app = _folder(home / "library", "prj_1", fitted(archive, start_command=None), settings(archive, build_command=None))
    network = npm.network_settings(dict(os.environ), home=Path.home())  # noqa: TID251 - how npm reaches its registry
    vercel = Program("vercel", home, {**network, **_QUIET})
    vercel("build", "--prod", "--yes", "--cwd", str(app), "--token", "none")
    function = app / ".vercel" / "output" / "functions" / "api" / "index.func"
    assert json.loads((function / ".vc-config.json").read_text())["handler"] == "api/index.mjs"
    assert (function / "dist" / "server.js").exists()
    routes = json.loads((app / ".vercel" / "output" / "config.json").read_text())["routes"]
    assert any(route.get("dest") == "/api" and route["src"] == "^(?:/(.*))$" for route in routes)
    yield Proof(by, "`build` makes one function of a scaffolded backend and its entry, to which every path leads.")
    readme = source["README.md"]
    by_hand = {path: _shown_in(readme, path).encode() for path in ("api/index.mjs", "vercel.json")}
    app = _folder(home / "by-hand", "prj_1", {**archive, **by_hand})
    vercel("build", "--prod", "--yes", "--cwd", str(app), "--token", "none")
    function = app / ".vercel" / "output" / "functions" / "api" / "index.func"
    assert json.loads((function / ".vc-config.json").read_text())["handler"] == "api/index.mjs"
    script = "import(process.argv[1]).then((module) => console.log(typeof module.default))"
    entry = str(app / "api" / "index.mjs")  # the function's modules are those for Vercel's Node.js, not for ours
    environment = {"PATH": os.environ["PATH"], "JWT_SECRET": string.ascii_letters}  # noqa: TID251 - where Node is
    shown = subprocess.run(
        ["node", "-e", script, entry], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert shown.stdout == "function\n"
    yield Proof(
        by, "`build` makes a function of a scaffolded backend with what its README has for Vercel, and it loads."
    )


def _shown_in(readme: str, path: str) -> str:
    """Return the block of code that a README has for a file."""
    block = readme.partition(f"into `{path}`")[2].partition("\n\n")[2]
    lines = takewhile(lambda line: not line or line.startswith("      "), block.split("\n"))
    return "\n".join(line[6:] for line in lines).strip() + "\n"


def _folder(
    folder: Path, project_id: str, files: Mapping[str, bytes], chosen: Mapping[str, str | None] | None = None
) -> Path:
    link = {"projectId": project_id, "orgId": TEAM, "settings": {"nodeVersion": "24.x", **(chosen or {})}}
    for path, content in {**files, ".vercel/project.json": json.dumps(link).encode()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder
