"""Small Node backends for the tests, without dependencies, and a LOCAL platform to run them on."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from services.core.clock import utc_now
from services.platforms.backend import CreateTables, Limits, Machine
from services.platforms.local import LocalPlatform
from services.platforms.npm import network_settings
from services.platforms.port import Config, Order
from services.platforms.registry import Patience

TOOLS = Path(__file__).parents[3] / ".tools" / "bin"
ENVIRONMENT = dict(os.environ)  # noqa: TID251 - what the tests were started with

SERVER = """
const http = require("node:http");
const respond = (request, response) => {
  if (request.url === "/environment") return response.end(JSON.stringify(process.env));
  if (request.url === "/exit") process.exit(3);
  console.log("GET " + request.url);
  response.end(NAME);
};
http.createServer(respond).listen(Number(process.env.PORT), process.env.HOST, () => console.log(NAME + " listens"));
"""


async def no_tables(template: str, *, prefix: str, stack: str) -> None:
    raise AssertionError("this backend has no tables")


def platform(
    root: Path,
    *,
    create_tables: CreateTables = no_tables,
    limits: Limits | None = None,
    search_path: str = f"{ENVIRONMENT['PATH']}:{TOOLS}",
    network: Mapping[str, str] | None = None,
    patience: Patience | None = None,
    aws: Mapping[str, str] | None = None,
) -> LocalPlatform:
    machine = Machine(
        search_path=search_path,
        npm=root / "npm",
        secrets=root / "secrets",
        network=network_settings(ENVIRONMENT, home=Path.home()) if network is None else network,
        aws=aws or {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1"},
        create_tables=create_tables,
        limits=limits or Limits(grace=1),
        now=utc_now,
        patience=patience or Patience(),
    )
    return LocalPlatform(root / "sites", machine)


def zipped(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return packed.getvalue()


def backend(
    *, name: str = "hello", server: str = SERVER, build: str | None = None, files: Mapping[str, str] | None = None
) -> bytes:
    """Make the ZIP of a backend whose server is `server`, with NAME set to its name."""
    scripts = {"start": "node server.js"} | ({} if build is None else {"build": build})
    package = {"name": name, "version": "1.0.0", "private": True, "scripts": scripts}
    source = f"const NAME = {json.dumps(name)};\n{server}"
    return zipped({"package.json": json.dumps(package), "server.js": source, **(files or {})})


def order(
    archive: bytes,
    *,
    deployment_id: str = "deployment_1",
    site: str = "project_1",
    config: Config | None = None,
    preferred_port: int | None = None,
) -> Order:
    return Order(
        deployment_id=deployment_id,
        site=site,
        archive=archive,
        config=config or Config(),
        preferred_port=preferred_port,
    )
