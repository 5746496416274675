"""Versions of one generated backend, each compiled in a folder of its own, that serve and migrate databases."""

import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import boto3
import httpx

from cli.serving import tool_environment
from services.core.tls import trusted
from services.designs.schema import SchemaModel
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from services.scaffold.backend import write_backend

_SERVER: Final = {"AWS_REGION": "us-east-1", "AUTH": "off", "HOST": "127.0.0.1", "PORT": "0", "LOG_LEVEL": "info"}


def build(folder: Path, schemas: Mapping[str, SchemaModel]) -> None:
    """Write and compile the version of each schema in a folder by its name, with the packages of the first."""
    first: Path | None = None
    for name, schema in schemas.items():
        for path, content in write_backend(project_name="Evolving", description="", schema=schema).items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(content)
        if first is None:
            first = folder / name
            _must(first, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
        else:
            (folder / name / "node_modules").symlink_to(first / "node_modules")
        _must(folder / name, "npx", "tsc")


def _must(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, env=tool_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class Version:
    """A compiled version with a database, whose tables' names begin with the prefix."""

    folder: Path
    emulator: str
    prefix: str

    @property
    def environment(self) -> dict[str, str]:
        database = {"AWS_ENDPOINT_URL": self.emulator, "TABLE_PREFIX": self.prefix}
        return {**tool_environment(), **EMULATOR_CREDENTIALS, **_SERVER, **database}

    def migrate(self, *arguments: str) -> tuple[int, str]:
        """Return the status and all that is said."""
        with self.migrating(*arguments) as migration:
            said, _ = migration.communicate()
            return migration.returncode, said

    def must_migrate(self) -> str:
        for arguments in (["--dry-run"], []):
            status, said = self.migrate(*arguments)
            assert status == 0, said
        return said

    def sweep(self) -> str:
        """Bring deletions to their end, and return what is said."""
        done = subprocess.run(
            ["node", "dist/sweep.js"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def migrating(self, *arguments: str) -> Generator[subprocess.Popen[str]]:
        """Let a migration run for the length of the block; then it is killed."""
        command = ["node", "dist/migrate.js", *arguments]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as migration:
            try:
                yield migration
            finally:
                migration.kill()

    @contextmanager
    def serving(self, **settings: str) -> Generator[httpx.Client]:
        environment = {**self.environment, **settings}
        with subprocess.Popen(
            ["node", "dist/server.js"], cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            try:
                line = next(line for line in server.stdout if "listening on " in line)
                address = line.partition("listening on ")[2].partition('"')[0]
                with httpx.Client(base_url=address, verify=trusted(), timeout=30) as client:
                    yield client
            finally:
                server.terminate()
                server.stdout.read()


def database_of(emulator: str) -> Any:
    return cast("Any", boto3).client(
        "dynamodb",
        endpoint_url=emulator,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
