"""This file is the only chooser of adapters: from the settings to a frozen `Services`, ready to use."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from services.activity.journal import Journal
from services.activity.model import ACTIVITY
from services.activity.service import Activity
from services.admin import Admin
from services.architectures.service import ARCHITECTURES, Architectures
from services.auth.jwks import JwksKeys, PemKey
from services.auth.tokens import Authenticator, ClerkVerifier, DevVerifier, Verifier, dev_user
from services.aws.bucket import Bucket
from services.aws.clients import LONG_POLL, Aws, connect
from services.aws.emulator import EMULATOR_CREDENTIALS
from services.aws.provision import QueueSpec, Resources
from services.aws.queue import Queue
from services.aws.tables import E, Table, TableSpec
from services.aws.topic import Topic
from services.checks.port import NoChecks
from services.collaboration import Collaboration
from services.config import Config
from services.core.clock import Clock, utc_now
from services.dashboard import Dashboards
from services.deletion import Deletion
from services.deployments.archive import DEPLOYMENT_LOGS, LogArchive
from services.deployments.job import DeploymentJob
from services.deployments.model import DEPLOYMENTS, DeploymentPlatform
from services.deployments.service import Deployments
from services.documentation.model import DOCUMENTATION
from services.documentation.service import Documentation
from services.events.hub import Hub
from services.events.open import open_log
from services.events.port import EventLog
from services.events.shared import SharedStreams
from services.generations.job import GenerationJob
from services.generations.kinds.architecture import ArchitectureKind
from services.generations.kinds.chat import ChatKind
from services.generations.kinds.code import CodeKind
from services.generations.kinds.documentation import DocumentationKind
from services.generations.kinds.schema import SchemaKind
from services.generations.model import GENERATIONS, GenerationKind
from services.generations.options import completing
from services.generations.redaction import Redactor
from services.generations.service import Generations
from services.health import Health
from services.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.jobs.sweeper import Sweeper
from services.jobs.worker import Worker
from services.llm.chat import Chat, Timeouts
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
from services.settings import SETTINGS, TEAM_SETTINGS, Settings
from services.teams import TEAMS, Teams
from services.users import USERS, Users

TABLES: Final[Sequence[TableSpec[Any]]] = (
    PROJECTS,
    SCHEMAS,
    ARCHITECTURES,
    GENERATIONS,
    DEPLOYMENTS,
    DEPLOYMENT_LOGS,
    DOCUMENTATION,
    ACTIVITY,
    SETTINGS,
    TEAM_SETTINGS,
    TEAMS,
    USERS,
    IDEMPOTENCY_KEYS,
)

SHORTEST_SECRET: Final = 8
"""Characters; a shorter one could be an ordinary word, which a model may say."""

DEV_WAIT: Final = 2
"""Seconds of a long poll in development, where stopping should be quick and polls cost nothing."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the api does."""

    config: Config
    auth: Authenticator
    users: Users
    teams: Teams
    projects: Projects
    schemas: Schemas
    architectures: Architectures
    generations: Generations
    deployments: Deployments
    documentation: Documentation
    settings: Settings
    activity: Activity
    collaboration: Collaboration
    dashboards: Dashboards
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
    common: dict[str, Any] = {
        "timeouts": Timeouts(between_chunks=config.ai_chunk_timeout),
        "reasoning_effort": config.ai_reasoning_effort,
    }
    found: list[Provider] = []
    if config.groq_api_key:
        key, model = config.groq_api_key.get_secret_value(), config.ai_model or config.groq_model
        found.append(Groq(key=key, model=model, base_url=config.groq_base_url, models=config.groq_models, **common))
    if config.openai_api_key:
        key, model = config.openai_api_key.get_secret_value(), config.ai_model or config.openai_model
        found.append(
            OpenAI(key=key, model=model, base_url=config.openai_base_url, models=config.openai_models, **common)
        )
    return found or [Scaffold(tokens_per_second=config.scaffold_pace or None)]


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
        team_table, generation_table, deployment_table = (
            self._table(TEAMS),
            self._table(GENERATIONS),
            self._table(DEPLOYMENTS),
        )
        archive = LogArchive(self._table(DEPLOYMENT_LOGS), now)
        platforms = self._platforms()
        streams = SharedStreams(self.log, secrets.randbits)
        journal = Journal(self._table(ACTIVITY), streams, now)
        projects = Projects(self._table(PROJECTS), idempotency, journal, now)
        activity = Activity(self._table(ACTIVITY), projects, streams, hub)
        settings = Settings(
            self._table(SETTINGS), self._table(TEAM_SETTINGS), self._models(), frozenset(platforms), journal, now
        )
        schemas = Schemas(self.aws, self._table(SCHEMAS), projects, now)
        architectures = Architectures(self._table(ARCHITECTURES), projects, idempotency, now)
        documentation = Documentation(self._table(DOCUMENTATION), projects, idempotency, now)
        generations = Generations(
            generation_table,
            projects,
            bucket,
            generation_queue,
            self.log,
            hub,
            idempotency,
            settings,
            self._models(),
            now,
        )
        deployments = Deployments(
            deployment_table,
            projects,
            generations,
            archive,
            deployment_queue,
            self.log,
            hub,
            idempotency,
            settings,
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
            {
                GenerationKind.SCHEMA: SchemaKind(schemas),
                GenerationKind.ARCHITECTURE: ArchitectureKind(architectures),
                GenerationKind.CODE: CodeKind(NoChecks(), secrets.token_bytes),
                GenerationKind.DOCUMENTATION: DocumentationKind(documentation, secrets.token_bytes),
                GenerationKind.CHAT: ChatKind(generation_table, bucket),
            },
            completing(config),
            self._redactor,
            now,
        )
        deployment_job = DeploymentJob(
            deployment_table, generation_table, projects, archive, bucket, topic, self.log, platforms, now
        )
        services = Services(
            config=config,
            auth=self._authenticator(),
            users=Users(self.aws, self._table(USERS), team_table, frozenset(map(dev_user, config.admins)), now),
            teams=Teams(team_table),
            projects=projects,
            schemas=schemas,
            architectures=architectures,
            generations=generations,
            deployments=deployments,
            documentation=documentation,
            settings=settings,
            activity=activity,
            collaboration=Collaboration(activity, streams, hub, now),
            dashboards=Dashboards(projects.table, deployment_table, self._table(ACTIVITY), now),
            deletion=Deletion(projects, generations, deployments),
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

    def _models(self) -> frozenset[str]:
        """Return the models that a request may name: those of the providers that are set up."""
        return frozenset(
            name for provider in self.router.providers if isinstance(provider, Chat) for name in provider.models
        )

    def _redactor(self) -> Redactor:
        config = self.config
        secret = (config.groq_api_key, config.openai_api_key, config.jwt_secret)
        texts = (value.get_secret_value() for value in secret if value is not None)
        return Redactor(tuple(text for text in texts if len(text) >= SHORTEST_SECRET))

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
