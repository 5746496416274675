"""A fake of CodeBuild, awkward as it is: a new role is not known at once, lists lag, a log's last lines come late."""

import asyncio
import io
import json
import re
import uuid
import zipfile
from dataclasses import dataclass, field
from typing import Any

from services.core.clock import utc_now
from tests.fakes.targets.aws_parts import AwsError, Cloud, Json
from tests.fakes.targets.hosting import Code


@dataclass
class FakeCodeBuild:
    cloud: Cloud
    projects: dict[str, Json] = field(default_factory=dict[str, Json])
    builds: list[Json] = field(default_factory=list[Json])
    role_refusals: int = 1
    """How often a role is not known yet."""
    late_lists: int = 1
    """How often a list lacks the newest build."""
    _tokens: dict[str, tuple[Json, Json]] = field(default_factory=dict[str, tuple[Json, Json]])

    async def CreateProject(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        if body["name"] in self.projects:
            raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {body['name']}")
        if self.role_refusals:
            self.role_refusals -= 1
            words = f"CodeBuild is not authorized to perform: sts:AssumeRole on {body['serviceRole']}"
            raise AwsError("InvalidInputException", words)
        return await self.UpdateProject(body, is_new=True)

    async def UpdateProject(self, body: Json, *, is_new: bool = False) -> Json:  # noqa: N802 - AWS's name
        if not is_new and body["name"] not in self.projects:
            raise AwsError("ResourceNotFoundException", f"Project cannot be found: {body['name']}")
        role = body["serviceRole"].rpartition("/")[2]
        await asyncio.to_thread(self.cloud.behind("iam").get_role, RoleName=role)
        self.projects[body["name"]] = body
        return {"project": {**body, "created": utc_now()}}

    async def StartBuild(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        project = self._project(body)
        token = body.get("idempotencyToken")
        if token in self._tokens:
            earlier, build = self._tokens[token]
            if earlier != body:
                raise AwsError("InvalidInputException", "Parameter mismatch for the idempotency token")
            return {"build": build}
        number = uuid.uuid4()
        build: Json = {
            "id": f"{project['name']}:{number}",
            "arn": f"arn:aws:codebuild:us-east-1:{self.cloud.account}:build/{project['name']}:{number}",
            "startTime": utc_now(),
            "buildStatus": "IN_PROGRESS",
            "buildComplete": False,
            "currentPhase": "QUEUED",
            "projectName": project["name"],
            "phases": [],
            "source": {"type": body["sourceTypeOverride"], "location": body["sourceLocationOverride"]},
            "environment": {
                **project["environment"],
                "environmentVariables": body.get("environmentVariablesOverride", []),
            },
            "logs": {"cloudWatchLogs": project["logsConfig"]["cloudWatchLogs"]},
        }
        self.builds.append(build)
        if token:
            self._tokens[token] = body, build
        self.cloud.background(self._run(project, build, body))
        return {"build": build}

    async def ListBuildsForProject(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        name = self._project(body)["name"]
        ids = [build["id"] for build in reversed(self.builds) if build["projectName"] == name]
        if self.late_lists and ids:
            self.late_lists -= 1
            ids = ids[1:]
        return {"ids": ids[:100]} if ids else {}

    async def BatchGetBuilds(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        builds = [build for build in self.builds if build["id"] in body["ids"]]
        missing = sorted(set(body["ids"]) - {build["id"] for build in builds})
        return {"builds": builds, **({"buildsNotFound": missing} if missing else {})}

    async def StopBuild(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        build = next((each for each in self.builds if each["id"] == body["id"]), None)
        if build is None:
            raise AwsError("ResourceNotFoundException", "The build does not exist.")
        if build["buildStatus"] != "IN_PROGRESS":
            raise AwsError("InvalidInputException", "The build has ended.")
        _end(build, "STOPPED")
        return {"build": build}

    async def _run(self, project: Json, build: Json, body: Json) -> None:
        await asyncio.sleep(0.02)
        group = project["logsConfig"]["cloudWatchLogs"]["groupName"]
        stream = build["id"].partition(":")[2]
        build["currentPhase"] = "PROVISIONING"
        build["logs"] |= {"groupName": group, "streamName": stream}
        late: list[str] = []

        async def emit(line: str) -> None:
            late.append(line)
            if len(late) > 3:
                self.cloud.write(group, stream, f"{late.pop(0)}\n")
            await asyncio.sleep(0.003)

        environment = {each["name"]: each["value"] for each in build["environment"]["environmentVariables"]}
        files = await self._source(build["source"]["location"])
        spec = json.loads(body["buildspecOverride"])
        assert any(command.startswith("docker build") for command in spec["phases"]["build"]["commands"])
        build["currentPhase"] = "BUILD"
        built = await self.cloud.host.build(files, environment, emit)
        if build["buildStatus"] == "IN_PROGRESS":
            if built:
                repository, _, tag = environment["IMAGE"].partition("/")[2].partition(":")
                await self.cloud.push(repository, tag, Code(files, _command(files)))
            _end(build, "SUCCEEDED" if built else "FAILED")
        await asyncio.sleep(0.03)  # the log is behind the build
        for line in late:
            self.cloud.write(group, stream, f"{line}\n")

    async def _source(self, location: str) -> dict[str, bytes]:
        bucket, _, key = location.partition("/")
        answer: Any = await asyncio.to_thread(self.cloud.behind("s3").get_object, Bucket=bucket, Key=key)
        with zipfile.ZipFile(io.BytesIO(answer["Body"].read())) as packed:
            return {name: packed.read(name) for name in packed.namelist()}

    def _project(self, body: Json) -> Json:
        if body["projectName"] not in self.projects:
            raise AwsError("ResourceNotFoundException", f"Project cannot be found: {body['projectName']}")
        return self.projects[body["projectName"]]


def _command(files: dict[str, bytes]) -> str:
    """Return what an image runs: the last CMD of its Dockerfile."""
    commands = re.findall(r"^CMD (\[.*\])$", files["Dockerfile"].decode(), re.MULTILINE)
    return " ".join(json.loads(commands[-1]))


def _end(build: Json, status: str) -> None:
    reason = "COMMAND_EXECUTION_ERROR: Error while executing command: docker build. Reason: exit status 1"
    contexts = [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": reason}] if status == "FAILED" else []
    build["phases"] = [{"phaseType": "BUILD", "phaseStatus": status, "contexts": contexts}]
    build |= {"buildStatus": status, "buildComplete": True, "currentPhase": "COMPLETED", "endTime": utc_now()}
