"""A fake of AWS: ECS, CodeBuild and CloudWatch Logs of its own, and the rest from the emulator behind it.

Every request and every answer of its own is valid by botocore's model of the service. Other keys are refused as AWS
refuses them. Calls are named like `ecs CreateCluster`, those of S3 like `s3 PUT object`.
"""

import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self
from urllib.parse import parse_qs

import botocore.session
import httpx
from botocore.validate import ParamValidator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from services.core.credentials import AwsKeys, Credentials
from services.core.tls import trusted
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from tests.emulating import emulated
from tests.fakes.targets.aws_codebuild import FakeCodeBuild
from tests.fakes.targets.aws_ecs import FakeEcs
from tests.fakes.targets.aws_logs import FakeLogs
from tests.fakes.targets.aws_parts import AwsError
from tests.fakes.targets.hosting import Code, Host, Toy
from tests.fakes.targets.server import Target

_BOTO: Final[Any] = botocore.session.Session()
ROLE: Final = "/role-credentials"
"""Where a task gets the credentials of its role."""
OURS: Final = EMULATOR_CREDENTIALS["AWS_ACCESS_KEY_ID"]
"""The access key with which we call AWS for ourselves."""
_XML: Final = frozenset({"s3", "iam", "sts"})


def _scope(request: Request) -> list[str]:
    """Return the credential scope of a signature: access key, date, region, service, `aws4_request`."""
    text = request.headers.get("authorization", "")
    return text.partition("Credential=")[2].partition(",")[0].split("/")


@dataclass
class FakeAws(Target):
    emulator: str = ""
    """The URL of the emulator, which has S3, IAM, STS and ECR. Without one, it runs one of its own."""
    account: str = field(default_factory=lambda: str(random.randrange(10**11, 10**12)))  # noqa: S311 - no secret
    """Its number: a fresh one has nothing, whatever else the emulator is used for."""
    host: Host = field(init=False)
    images: dict[str, Code] = field(default_factory=dict[str, Code])
    """By digest: what was pushed."""
    region: str = "us-east-1"
    refusals: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Codes and messages of calls that it refuses, by their names."""
    trusts: dict[str, str] = field(default_factory=dict[str, str])
    """The external ids with which its roles may be assumed, by the roles' ARNs; an empty one for whatever is sent."""
    assumed: dict[str, str] = field(default_factory=dict[str, str])
    """The session tokens of keys that were given for roles, by the access keys' ids."""
    logs: FakeLogs = field(default_factory=FakeLogs)
    codebuild: FakeCodeBuild = field(init=False)
    ecs: FakeEcs = field(init=False)

    _behind: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _running: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.toy = Toy(lambda: self.url)
        self.host = self.toy
        self.codebuild = FakeCodeBuild(self)
        self.ecs = FakeEcs(self)

    @property
    def credentials(self) -> Credentials:
        return AwsKeys(self.access_key_id, self.token)

    @property
    def wrong_credentials(self) -> Credentials:
        return AwsKeys("AKIAIOSFODNN7EXAMPLE", self.token)

    @property
    def access_key_id(self) -> str:
        return f"AKIA{self.account}"

    def behind(self, service: str) -> Any:
        """Return a client of the emulator, for what CodeBuild does in the account."""
        return self._behind[service]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.emulator = self.emulator or stack.enter_context(emulated())
            # the emulator takes a key of twelve digits for the number of the account
            keys = {"aws_access_key_id": self.account, "aws_secret_access_key": "any"}
            make = partial(_BOTO.create_client, region_name=self.region, endpoint_url=self.emulator, **keys)
            self._behind = {service: make(service) for service in ("s3", "ecr", "iam")}
            super().__enter__()
            self._running = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._running:
            super().__exit__()

    async def close(self) -> None:
        await self.host.close()

    def routes(self) -> list[Route]:
        methods = ("GET", "HEAD", "PUT", "POST", "DELETE")
        role = Route(ROLE, self._role)
        return [self.toy.route(), role, *(self.route(method, "/{path:path}", self._call) for method in methods)]

    async def name_of(self, request: Request) -> str:
        service = self._service(request)
        if target := request.headers.get("x-amz-target"):
            return f"{service} {target.rpartition('.')[2]}"
        if service == "s3":
            return f"s3 {request.method} {'object' if '/' in request.path_params['path'] else 'bucket'}"
        form = parse_qs((await request.body()).decode())
        return f"{service} {form.get('Action', ['?'])[0]}"

    def knows(self, request: Request) -> bool:
        key, service = _scope(request)[0], self._service(request)
        if key in self.assumed:
            return request.headers.get("x-amz-security-token") == self.assumed[key]
        return key == self.access_key_id or (service == "sts" and key == OURS)

    def refused(self, request: Request) -> Response:
        service, words = self._service(request), "The security token included in the request is invalid."
        code = {"s3": "InvalidAccessKeyId", "iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId"}
        return self._error(request, 403 if service in _XML else 400, code.get(service, _UNRECOGNIZED), words)

    def away(self, request: Request) -> Response:
        return self._error(request, 503, "ServiceUnavailable", "Service is unavailable.")

    def limited(self, request: Request) -> Response:
        code = {"s3": "SlowDown", "iam": "Throttling", "sts": "Throttling"}.get(self._service(request))
        return self._error(request, 503 if code == "SlowDown" else 400, code or "ThrottlingException", "Rate exceeded")

    async def _call(self, request: Request) -> Response:
        service = self._service(request)
        if refusal := self.refusals.get(await self.name_of(request)):
            return self._error(request, 400, *refusal)
        if await self.name_of(request) == "sts AssumeRole":
            return await self._assume(request)
        part = {"ecs": self.ecs, "codebuild": self.codebuild, "logs": self.logs}.get(service)
        if part is None:
            return await self._forwarded(request)
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        model = _BOTO.get_service_model(service).operation_model(operation)
        body: dict[str, Any] = json.loads(await request.body())
        _require_valid(body, model.input_shape)
        try:
            answer: dict[str, Any] = await getattr(part, operation)(body)
        except AwsError as error:
            return self._error(request, 400, error.code, str(error))
        if model.output_shape is not None:
            _require_valid(answer, model.output_shape)
        return Response(json.dumps(answer, default=_seconds), media_type="application/x-amz-json-1.1")

    async def _assume(self, request: Request) -> Response:
        """Give keys for a role to us, where it trusts us with this external id."""
        asked = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        arn = asked["RoleArn"]
        if _scope(request)[0] != OURS or self.trusts.get(arn) not in ("", asked.get("ExternalId", "none")):
            words = (
                f"User: arn:aws:iam::1:user/snapinfra is not authorized to perform: sts:AssumeRole on resource: {arn}"
            )
            return self._error(request, 403, "AccessDenied", words)
        key, token = f"ASIA{len(self.assumed):016}", f"session-{random.randrange(10**12)}"  # noqa: S311 - no secret
        self.assumed[key] = token
        until = (utc_now() + timedelta(seconds=int(asked["DurationSeconds"]))).isoformat()
        keys = f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>of-{key}</SecretAccessKey>"
        rest = f"<SessionToken>{token}</SessionToken><Expiration>{until}</Expiration>"
        result = f"<AssumeRoleResult><Credentials>{keys}{rest}</Credentials></AssumeRoleResult>"
        return Response(f"<AssumeRoleResponse>{result}</AssumeRoleResponse>", media_type="text/xml")

    async def _forwarded(self, request: Request) -> Response:
        """Let the emulator answer."""
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
        headers["authorization"] = headers["authorization"].replace(_scope(request)[0], self.account)
        headers.pop("x-amz-security-token", None)
        url = f"{self.emulator}{request.url.path}{f'?{request.url.query}' if request.url.query else ''}"
        async with httpx.AsyncClient(verify=trusted(), trust_env=False, timeout=30) as client:
            answer = await client.request(request.method, url, headers=headers, content=await request.body())
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        return Response(answer.content, answer.status_code, kept)

    async def _role(self, _: Request) -> Response:
        """Answer a task that asks for the credentials of its role, as ECS's agent does."""
        keys = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "of-the-role", "Token": "of-the-role"}
        until = utc_now() + timedelta(hours=6)
        return JSONResponse({**keys, "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}"})  # AWS's clients take no other offset

    def _service(self, request: Request) -> str:
        scope = _scope(request)
        return scope[3] if len(scope) > 3 else "none"

    def _error(self, request: Request, status: int, code: str, message: str) -> Response:
        service = self._service(request)
        if service == "s3":
            text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            close = {"connection": "close"}  # as S3 does: the body, for which a client asks first, is not read
            return Response(text, status, close, media_type="application/xml")
        if service in _XML:
            inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            return Response(f"<ErrorResponse>{inner}</ErrorResponse>", status, media_type="text/xml")
        return JSONResponse({"__type": code, "message": message}, status)

    def write(self, group: str, stream: str, line: str) -> None:
        """Take a line of a log."""
        self.logs.put(group, stream, line)

    async def push(self, repository: str, tag: str, code: Code) -> None:
        """Put an image into the registry, as `docker push` does."""
        manifest = json.dumps({"schemaVersion": 2, "tag": tag, "files": sorted(code.files)})
        put = self.behind("ecr").put_image
        answer = await asyncio.to_thread(put, repositoryName=repository, imageManifest=manifest, imageTag=tag)
        self.images[answer["image"]["imageId"]["imageDigest"]] = code


_UNRECOGNIZED: Final = "UnrecognizedClientException"
_HOP_BY_HOP: Final = frozenset(
    {"content-length", "transfer-encoding", "connection", "content-encoding", "date", "server"}
)


def _seconds(value: object) -> float:
    assert isinstance(value, datetime)
    return value.timestamp()


def _require_valid(value: dict[str, Any], shape: Any) -> None:
    report: Any = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()
