"""This file is the only chooser of adapters: from the settings to a frozen `Services`, ready to use."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from services.access import ACCESS_CHANGES, AccessChanges
from services.accounts import Accounts
from services.admin import Admin
from services.api_keys.service import API_KEYS, ApiKey, ApiKeys
from services.auth.jwks import JwksKeys, PemKey
from services.auth.sessions import ClerkSessions
from services.auth.signatures import Signatures
from services.auth.tokens import Authenticator, ClerkVerifier, DevVerifier, Verifier, dev_user
from services.aws.bucket import Bucket
from services.aws.clients import LONG_POLL, Aws, connect
from services.aws.emulator import EMULATOR_CREDENTIALS
from services.aws.provision import QueueSpec, Resources
from services.aws.queue import Queue
from services.aws.tables import E, Table, TableSpec
from services.aws.topic import Topic
from services.config import Config
from services.core.clock import Clock, utc_now
from services.core.recent import Recent
from services.deletion import Deletion
from services.deployments.archive import DEPLOYMENT_LOGS, LogArchive
from services.deployments.job import DeploymentJob
from services.deployments.model import DEPLOYMENTS, DeploymentPlatform
from services.deployments.service import Deployments
from services.events.hub import Hub
from services.events.open import open_log
from services.events.port import EventLog
from services.generations.job import GenerationJob
from services.generations.model import GENERATIONS
from services.generations.options import completing
from services.generations.service import Generations
from services.health import Health
from services.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.jobs.sweeper import Sweeper
from services.jobs.worker import Worker
from services.llm.chat import Timeouts
from services.llm.groq import Groq
from services.llm.openai import OpenAI
from services.llm.port import Provider
from services.llm.router import Router
from services.llm.scaffold.provider import Scaffold
from services.platforms.backend import Limits, Machine
from services.platforms.local import LocalPlatform
from services.platforms.npm import network_settings
from services.platforms.port import Platform
from services.platforms.tables import StackTables
from services.projects import PROJECTS, Projects
from services.schemas.service import SCHEMAS, Schemas
from services.sign_in import SignIn
from services.teams.invitations import INVITATIONS, Invitations
from services.teams.members import Members
from services.teams.model import MEMBERSHIPS, TEAMS
from services.teams.service import Teams
from services.users import KNOWN, KNOWN_FOR, USERS, Known, Users

TABLES: Final[Sequence[TableSpec[Any]]] = (
    PROJECTS,
    SCHEMAS,
    GENERATIONS,
    DEPLOYMENTS,
    DEPLOYMENT_LOGS,
    TEAMS,
    MEMBERSHIPS,
    INVITATIONS,
    USERS,
    API_KEYS,
    ACCESS_CHANGES,
    IDEMPOTENCY_KEYS,
)

DEV_WAIT: Final = 2
"""Seconds of a long poll in development, where stopping should be quick and polls cost nothing."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the api does."""

    config: Config
    access: AccessChanges
    sign_in: SignIn
    users: Users
    teams: Teams
    members: Members
    invitations: Invitations
    api_keys: ApiKeys
    accounts: Accounts
    projects: Projects
    schemas: Schemas
    generations: Generations
    deployments: Deployments
    deletion: Deletion
    admin: Admin
    health: Health


class Runner(Protocol):
    """Something that a worker process runs until it is to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


@dataclass(frozen=True, slots=True)
class Process:
    """One process's parts: the services of an api, and what a worker runs. Closed by `opened`."""

    services: Services
    workers: Sequence[Runner]


def resources(config: Config) -> Resources:
    """Return what provisioning makes for a stage. Visibility timeouts and retention are seed 002's."""
    return Resources(
        tables=[(table_name(config, spec), spec) for spec in TABLES],
        queues=[
            QueueSpec(config.name_of(config.generation_queue), visibility=15 * 60),
            QueueSpec(config.name_of(config.deployment_queue), visibility=30 * 60),
        ],
        bucket=config.name_of(config.bucket),
        topic=config.name_of(config.topic),
    )


def table_name(config: Config, spec: TableSpec[Any]) -> str:
    """Return a table's full name in this stage."""
    return config.name_of(f"snapinfra-{spec.name}")


@asynccontextmanager
async def opened(config: Config, environment: Mapping[str, str], *, now: Clock = utc_now) -> AsyncGenerator[Process]:
    """Build a process's parts, and close them after the block. `environment` is what npm may need of ours."""
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    log = open_log(config.events_url, now)
    router = Router(providers(config))
    try:
        yield _Builder(config, environment, aws, log, router, now).process()
    finally:
        await router.aclose()
        await log.close()
        aws.close()


def providers(config: Config) -> Sequence[Provider]:
    """Return the providers in the order they are asked: those with a key, else the scaffold."""
    timeouts = Timeouts(between_chunks=config.ai_chunk_timeout)
    found: list[Provider] = []
    if config.groq_api_key:
        key, model = config.groq_api_key.get_secret_value(), config.ai_model or config.groq_model
        found.append(Groq(key=key, model=model, base_url=config.groq_base_url, timeouts=timeouts))
    if config.openai_api_key:
        key, model = config.openai_api_key.get_secret_value(), config.ai_model or config.openai_model
        found.append(OpenAI(key=key, model=model, base_url=config.openai_base_url, timeouts=timeouts))
    return found or [Scaffold(tokens_per_second=config.scaffold_pace or None)]


@dataclass(frozen=True, slots=True)
class _People:
    """The services that say who is who."""

    access: AccessChanges
    sign_in: SignIn
    users: Users
    teams: Teams
    members: Members
    invitations: Invitations
    api_keys: ApiKeys


@dataclass(frozen=True, slots=True)
class _Builder:
    config: Config
    environment: Mapping[str, str]
    aws: Aws
    log: EventLog
    router: Router
    now: Clock

    def process(self) -> Process:
        config, now = self.config, self.now
        hub, bucket, topic = Hub(self.log), Bucket(self.aws, config.name_of(config.bucket)), self._topic()
        generation_queue, deployment_queue = self._queue(config.generation_queue), self._queue(config.deployment_queue)
        idempotency = Idempotency(self._table(IDEMPOTENCY_KEYS), now)
        generation_table, deployment_table = self._table(GENERATIONS), self._table(DEPLOYMENTS)
        archive = LogArchive(self._table(DEPLOYMENT_LOGS), now)
        platforms = self._platforms()
        people = self._people(topic, idempotency)
        projects = Projects(self._table(PROJECTS), people.access, idempotency, now)
        schemas = Schemas(self.aws, self._table(SCHEMAS), projects, now)
        generations = Generations(generation_table, projects, bucket, generation_queue, self.log, hub, idempotency, now)
        deployments = Deployments(
            deployment_table,
            projects,
            generations,
            archive,
            deployment_queue,
            self.log,
            hub,
            idempotency,
            frozenset(platforms),
            now,
        )
        generation_job = GenerationJob(
            generation_table,
            projects,
            schemas,
            bucket,
            topic,
            self.log,
            self.router,
            completing(config),
            secrets.token_bytes,
            now,
        )
        deployment_job = DeploymentJob(
            deployment_table, generation_table, projects, archive, bucket, topic, self.log, platforms, now
        )
        deletion = Deletion(projects, generations, deployments)
        services = Services(
            config=config,
            access=people.access,
            sign_in=people.sign_in,
            users=people.users,
            teams=people.teams,
            members=people.members,
            invitations=people.invitations,
            api_keys=people.api_keys,
            accounts=self._accounts(people, deletion),
            projects=projects,
            schemas=schemas,
            generations=generations,
            deployments=deployments,
            deletion=deletion,
            admin=Admin(
                generation_table, deployment_table, generation_queue, deployment_queue, self.log, projects, now
            ),
            health=self._health(bucket, generation_queue),
        )
        workers: list[Runner] = [
            self._worker(generation_queue, generation_job, config.generation_slots),
            self._worker(deployment_queue, deployment_job, config.deployment_slots),
            self._sweeper(generation_queue, generation_job),
            self._sweeper(deployment_queue, deployment_job),
        ]
        return Process(services, workers)

    def _people(self, topic: Topic, idempotency: Idempotency) -> _People:
        aws, config, now, random = self.aws, self.config, self.now, secrets.token_bytes
        table, team_table, memberships = self._table(USERS), self._table(TEAMS), self._table(MEMBERSHIPS)
        known: Recent[Known] = Recent(KNOWN_FOR, KNOWN, now)
        keys: Recent[ApiKey] = Recent(KNOWN_FOR, KNOWN, now)
        access = AccessChanges(self._table(ACCESS_CHANGES), [known, keys], secrets.token_bytes, now)
        users = Users(aws, table, team_table, memberships, known, frozenset(map(dev_user, config.admins)), now)
        teams = Teams(aws, team_table, memberships, self._table(PROJECTS), access, idempotency, now)
        api_keys = ApiKeys(self._table(API_KEYS), teams, users, access, keys, idempotency, config.pepper, random, now)
        invitations = Invitations(
            aws, self._table(INVITATIONS), teams, memberships, table, access, topic, config.pepper, random, now
        )
        members = Members(memberships, teams, table, access)
        sessions = ClerkSessions(
            config.clerk_api_url, config.clerk_secret_key.get_secret_value() if config.clerk_secret_key else None
        )
        sign_in = SignIn(self._authenticator(), users, api_keys, sessions, now)
        return _People(access, sign_in, users, teams, members, invitations, api_keys)

    def _accounts(self, people: _People, deletion: Deletion) -> Accounts:
        secret = self.config.clerk_webhook_secret
        return Accounts(
            self.aws,
            Signatures(secret.get_secret_value()) if secret else None,
            people.users,
            people.teams.table,
            people.teams.memberships,
            self._table(IDEMPOTENCY_KEYS),
            deletion,
            people.access,
            self.now,
        )

    def _table(self, spec: TableSpec[E]) -> Table[E]:
        return Table(self.aws, spec, table_name(self.config, spec), self.now)

    def _queue(self, name: str) -> Queue:
        wait = self.config.job_poll or (DEV_WAIT if self.config.development else LONG_POLL)
        return Queue(self.aws, self.config.name_of(name), wait)

    def _topic(self) -> Topic:
        return Topic(self.aws, self.config.name_of(self.config.topic))

    def _worker(self, queue: Queue, handler: Any, slots: int) -> Worker[Any]:
        config = self.config
        return Worker(
            queue,
            handler,
            self.log,
            slots=slots,
            lease=config.job_lease,
            grace=config.drain_grace,
            now=self.now,
            new_owner=lambda: uuid.uuid4().hex,
        )

    def _sweeper(self, queue: Queue, handler: Any) -> Sweeper[Any]:
        lease = self.config.job_lease
        return Sweeper(queue, handler, self.log, quiet=3 * lease, lease=lease, now=self.now)

    def _platforms(self) -> dict[DeploymentPlatform, Platform]:
        config = self.config
        if not config.development:
            return {}
        endpoint = {"AWS_ENDPOINT_URL": config.aws_endpoint_url} if config.aws_endpoint_url else {}
        aws = {
            **endpoint,
            "AWS_REGION": config.aws_region,
            **EMULATOR_CREDENTIALS,
        }
        machine = Machine(
            search_path=self.environment.get("PATH", ""),
            cache=(config.data / "npm").absolute(),
            network=network_settings(self.environment, home=Path(self.environment.get("HOME", "/"))),
            aws=aws,
            create_tables=StackTables(self.aws),
            limits=Limits(),
            now=self.now,
        )
        return {DeploymentPlatform.LOCAL: LocalPlatform((config.data / "local").absolute(), machine)}

    def _authenticator(self) -> Authenticator:
        config = self.config
        verifiers: dict[str, Verifier] = {}
        if config.clerk_issuer:
            keys = PemKey(config.clerk_jwt_key) if config.clerk_jwt_key else JwksKeys(config.clerk_jwks_url or "")
            verifiers["RS256"] = ClerkVerifier(keys, config.clerk_issuer, config.clerk_authorized_parties)
        if config.development and config.jwt_secret:
            verifiers["HS256"] = DevVerifier(config.jwt_secret.get_secret_value())
        return Authenticator(verifiers, dev_users=config.development)

    def _health(self, bucket: Bucket, queue: Queue) -> Health:
        aws, table = self.aws, table_name(self.config, PROJECTS)
        checks: dict[str, Callable[[], Awaitable[object]]] = {
            "dynamodb": lambda: aws.run(aws.dynamodb.describe_table, TableName=table),
            "s3": lambda: aws.run(aws.s3.head_bucket, Bucket=bucket.name),
            "sqs": lambda: aws.run(aws.sqs.get_queue_url, QueueName=queue.name),
            "events": self.log.ping,
            "ai": self.router.ready,
        }
        return Health(checks, frozenset({"dynamodb"}), self.now(), self.now)
