"""This file is the only chooser of adapters: from the settings to a frozen `Services`, ready to use."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from services.access import ACCESS_CHANGES, AccessChanges
from services.accounts import Accounts
from services.activity.journal import Journal
from services.activity.model import ACTIVITY
from services.activity.service import Activity
from services.admin import Admin
from services.analytics.events import RATE, Events
from services.analytics.ingest import Ingest
from services.analytics.live import Live
from services.analytics.model import ANALYTICS
from services.analytics.names import KNOWN as NAMES_KNOWN
from services.analytics.names import KNOWN_FOR as NAMES_KNOWN_FOR
from services.analytics.names import MOST as MOST_NAMES
from services.analytics.names import Names
from services.analytics.product import ProductEvents
from services.analytics.rollups import ROLLUPS, Rollups
from services.analytics.service import Analytics
from services.analytics.sessions import SESSIONS
from services.api_keys.service import API_KEYS, ApiKey, ApiKeys
from services.architectures.service import ARCHITECTURES, Architectures
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
from services.checks.port import Checks, NoChecks
from services.checks.service import open_checks
from services.collaboration import Collaboration
from services.config import Config
from services.core.clock import Clock, utc_now
from services.core.recent import Recent
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
from services.integrations.model import INTEGRATIONS
from services.integrations.service import Integrations
from services.integrations.testing import CredentialTester
from services.jobs.sweeper import Sweeper
from services.jobs.worker import Worker
from services.llm.chat import Timeouts
from services.llm.groq import Groq
from services.llm.openai import OpenAI
from services.llm.port import Provider
from services.llm.router import Router
from services.llm.scaffold.provider import Scaffold
from services.mail import Post
from services.notifications.attempt import Attempts
from services.notifications.courier import Courier
from services.notifications.fanout import Fanout
from services.notifications.keyring import Keyring
from services.notifications.letters import Letters
from services.notifications.model import DELIVERIES, TARGETS, WEBHOOKS
from services.notifications.notifier import Notifier
from services.notifications.service import Webhooks
from services.notifications.targets import NotificationTargets
from services.outbound.addresses import is_public, is_public_or_private
from services.outbound.client import Outbound
from services.outbound.connect import SystemResolver
from services.platforms.backend import Limits, Machine
from services.platforms.local import LocalPlatform
from services.platforms.npm import network_settings
from services.platforms.port import Platform
from services.platforms.tables import StackTables
from services.projects import PROJECTS, Projects
from services.rates import RATES, Rates
from services.schemas.service import SCHEMAS, Schemas
from services.settings import SETTINGS, TEAM_SETTINGS, Settings
from services.sign_in import SignIn
from services.teams.belongings import Belongings
from services.teams.invitations import INVITATIONS, MAILS, Invitations
from services.teams.members import Members
from services.teams.model import MEMBERSHIPS, TEAMS
from services.teams.service import Teams
from services.usage.model import BUDGETS, USAGE
from services.usage.prices import Prices, nanos
from services.usage.reports import Reports
from services.usage.service import Budgets
from services.usage.service import Limits as BudgetLimits
from services.users import KNOWN, KNOWN_FOR, USERS, Known, Users
from services.vault.envelope import Envelopes
from services.vault.kms import KmsVault
from services.vault.local import LocalVault

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
    MEMBERSHIPS,
    INVITATIONS,
    USERS,
    API_KEYS,
    ACCESS_CHANGES,
    IDEMPOTENCY_KEYS,
    RATES,
    BUDGETS,
    USAGE,
    WEBHOOKS,
    DELIVERIES,
    INTEGRATIONS,
    TARGETS,
    ANALYTICS,
    SESSIONS,
    ROLLUPS,
)

SHORTEST_SECRET: Final = 8
"""Characters; a shorter one could be an ordinary word, which a model may say."""

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
    architectures: Architectures
    generations: Generations
    deployments: Deployments
    documentation: Documentation
    settings: Settings
    activity: Activity
    collaboration: Collaboration
    dashboards: Dashboards
    deletion: Deletion
    analytics: Analytics
    analytics_events: Events
    admin: Admin
    usage: Reports
    webhooks: Webhooks
    targets: NotificationTargets
    integrations: Integrations
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
            QueueSpec(config.name_of(config.notification_queue), visibility=60),
        ],
        bucket=config.name_of(config.bucket),
        topic=config.name_of(config.topic),
        key_alias=key_alias(config),
        mail_from=config.mail_from,
    )


def key_alias(config: Config) -> str | None:
    """Return the alias of the KMS key for secrets; None where a file of this machine's has the keys."""
    if config.key_alias is None and config.development:
        return None
    return config.name_of(config.key_alias or "alias/snapinfra-secrets")


def table_name(config: Config, spec: TableSpec[Any]) -> str:
    """Return a table's full name in this stage."""
    return config.name_of(f"snapinfra-{spec.name}")


@asynccontextmanager
async def opened(
    config: Config,
    environment: Mapping[str, str],
    *,
    now: Clock = utc_now,
    platforms: Mapping[DeploymentPlatform, Platform] | None = None,
) -> AsyncGenerator[Process]:
    """Build a process's parts, and close them after the block. `environment` is what npm may need of ours.

    `platforms` of None: those that the settings allow.
    """
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    log = open_log(config.events_url, now)
    router = Router(providers(config), pause=config.ai_cooldown)
    try:
        yield _Builder(config, environment, aws, log, router, now, platforms).process()
    finally:
        await router.aclose()
        await log.close()
        aws.close()


def providers(config: Config) -> Sequence[Provider]:
    """Return the providers in the order they are asked: those with a key, else the scaffold."""
    common: dict[str, Any] = {
        "timeouts": Timeouts(first_text=config.ai_first_timeout, between_chunks=config.ai_chunk_timeout),
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
    given_platforms: Mapping[DeploymentPlatform, Platform] | None

    def process(self) -> Process:
        config, now = self.config, self.now
        hub, bucket = Hub(self.log), Bucket(self.aws, config.name_of(config.bucket))
        notifier = Notifier(self._topic(), self._queue(config.notification_queue), self._table(TARGETS))
        generation_queue, deployment_queue = self._queue(config.generation_queue), self._queue(config.deployment_queue)
        idempotency = Idempotency(self._table(IDEMPOTENCY_KEYS), now)
        generation_table, deployment_table = self._table(GENERATIONS), self._table(DEPLOYMENTS)
        archive = LogArchive(self._table(DEPLOYMENT_LOGS), now)
        platforms = self._platforms() if self.given_platforms is None else self.given_platforms
        streams = SharedStreams(self.log, secrets.randbits)
        journal = Journal(self._table(ACTIVITY), streams, now)
        people = self._people(notifier, idempotency, journal)
        limits = BudgetLimits(config.team_tokens, None if config.team_cost is None else nanos(config.team_cost))
        counters, usage = self._table(BUDGETS), self._table(USAGE)
        budgets = Budgets(generation_table, counters, usage, limits, Prices(config.prices), config.models, now)
        projects = Projects(self._table(PROJECTS), people.access, idempotency, journal, now)
        activity = Activity(self._table(ACTIVITY), projects, streams, hub)
        settings = Settings(
            self._table(SETTINGS),
            self._table(TEAM_SETTINGS),
            frozenset(config.models),
            frozenset(platforms),
            journal,
            now,
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
            self._table(SCHEMAS),
            completing(config),
            Rates(self._table(RATES), config.requests_per_minute, now),
            budgets,
            settings,
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
        analytics = self._analytics(projects)
        product_events = ProductEvents(analytics, now)
        generation_job = GenerationJob(
            generation_table,
            projects,
            schemas,
            bucket,
            notifier,
            self.log,
            self.router,
            {
                GenerationKind.SCHEMA: SchemaKind(schemas),
                GenerationKind.ARCHITECTURE: ArchitectureKind(architectures),
                GenerationKind.CODE: CodeKind(self._checks(), secrets.token_bytes),
                GenerationKind.DOCUMENTATION: DocumentationKind(documentation, secrets.token_bytes),
                GenerationKind.CHAT: ChatKind(generation_table, bucket),
            },
            completing(config),
            budgets,
            self._redactor,
            now,
            product_events,
        )
        deployment_job = DeploymentJob(
            deployment_table,
            generation_table,
            projects,
            archive,
            bucket,
            notifier,
            self.log,
            platforms,
            now,
            product_events,
        )
        outbound = self._outbound()
        courier, webhooks = self._notifications(notifier, outbound, idempotency, journal)
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
            architectures=architectures,
            generations=generations,
            deployments=deployments,
            documentation=documentation,
            analytics=analytics,
            analytics_events=self._events(analytics, bucket),
            deletion=deletion,
            settings=settings,
            activity=activity,
            collaboration=Collaboration(activity, streams, hub, now),
            dashboards=Dashboards(projects.table, deployment_table, self._table(ACTIVITY), now),
            admin=Admin(
                generation_table,
                deployment_table,
                generation_queue,
                deployment_queue,
                notifier.queue,
                self.log,
                projects,
                budgets,
                now,
            ),
            usage=Reports(usage, counters, limits, now),
            webhooks=webhooks,
            targets=NotificationTargets(notifier.targets, notifier, idempotency, journal, now),
            integrations=self._integrations(projects, outbound, idempotency),
            health=self._health(bucket, generation_queue),
        )
        workers: list[Runner] = [
            self._worker(generation_queue, generation_job, config.generation_slots),
            self._worker(deployment_queue, deployment_job, config.deployment_slots),
            self._sweeper(generation_queue, generation_job),
            self._sweeper(deployment_queue, deployment_job),
            courier,
        ]
        return Process(services, workers)

    def _checks(self) -> Checks:
        config = self.config
        if not config.checks:
            return NoChecks()
        return open_checks(
            (config.data / "checks").absolute(),
            search_path=self.environment.get("PATH", ""),
            cache=self._npm_cache,
            network=self._npm_network,
            seconds=config.check_seconds,
        )

    @property
    def _npm_cache(self) -> Path:
        return (self.config.data / "npm").absolute()

    @property
    def _npm_network(self) -> dict[str, str]:
        return network_settings(self.environment, home=Path(self.environment.get("HOME", "/")))

    def _redactor(self) -> Redactor:
        config = self.config
        secret = (config.groq_api_key, config.openai_api_key, config.jwt_secret)
        texts = (value.get_secret_value() for value in secret if value is not None)
        return Redactor(tuple(text for text in texts if len(text) >= SHORTEST_SECRET))

    def _people(self, notifier: Notifier, idempotency: Idempotency, journal: Journal) -> _People:
        aws, config, now, random = self.aws, self.config, self.now, secrets.token_bytes
        table, team_table, memberships = self._table(USERS), self._table(TEAMS), self._table(MEMBERSHIPS)
        known: Recent[Known] = Recent(KNOWN_FOR, KNOWN, now)
        keys: Recent[ApiKey] = Recent(KNOWN_FOR, KNOWN, now)
        access = AccessChanges(self._table(ACCESS_CHANGES), [known, keys], secrets.token_bytes, now)
        users = Users(aws, table, team_table, memberships, known, frozenset(map(dev_user, config.admins)), now)
        specs: list[TableSpec[Any]] = [WEBHOOKS, TARGETS, INTEGRATIONS, API_KEYS, INVITATIONS]
        belongings = Belongings([self._table(spec) for spec in specs], self._table(TEAM_SETTINGS), notifier.close_topic)
        teams = Teams(
            aws, team_table, memberships, self._table(PROJECTS), access, belongings, journal, idempotency, now
        )
        api_keys = ApiKeys(self._table(API_KEYS), teams, users, access, keys, idempotency, config.pepper, random, now)
        rates, pepper = Rates(self._table(RATES), MAILS, now, "invitations by mail"), config.pepper
        open_ones, topic = self._table(INVITATIONS), notifier.topic
        invitations = Invitations(
            aws, open_ones, teams, memberships, table, access, topic, self._post, rates, pepper, random, now
        )
        members = Members(memberships, teams, table, access)
        sessions = ClerkSessions(
            config.clerk_api_url, config.clerk_secret_key.get_secret_value() if config.clerk_secret_key else None
        )
        sign_in = SignIn(self._authenticator(), users, api_keys, sessions, now)
        return _People(access, sign_in, users, teams, members, invitations, api_keys)

    @property
    def _post(self) -> Post:
        return Post(self.aws, self.config.mail_from, self.config.app_url or "")

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
            people.teams.belongings,
            people.teams.journal,
            people.access,
            self.now,
        )

    def _table(self, spec: TableSpec[E]) -> Table[E]:
        return Table(self.aws, spec, table_name(self.config, spec), self.now)

    def _analytics(self, projects: Projects) -> Analytics:
        rollups = Rollups(self.aws, table_name(self.config, ROLLUPS))
        names = Names(self._table(ROLLUPS), Recent(NAMES_KNOWN_FOR, NAMES_KNOWN, self.now), self.now, MOST_NAMES)
        taken = self._table(IDEMPOTENCY_KEYS)
        ingest = Ingest(self._table(ANALYTICS), self._table(SESSIONS), taken, rollups, names, self.now)
        rates = Rates(self._table(RATES), self.config.batches, self.now, "batches of events")
        live = Live(self.log, rollups, self.now)
        return Analytics(ingest, rollups, live, projects, rates, partial(secrets.token_hex, 8), self.now)

    def _events(self, analytics: Analytics, bucket: Bucket) -> Events:
        rates = Rates(self._table(RATES), RATE, self.now, "exports")
        return Events(analytics.ingest.events, analytics, bucket, rates, self.now)

    def _queue(self, name: str) -> Queue:
        wait = self.config.job_poll or (DEV_WAIT if self.config.development else LONG_POLL)
        return Queue(self.aws, self.config.name_of(name), wait)

    def _topic(self) -> Topic:
        return Topic(self.aws, self.config.name_of(self.config.topic))

    def _notifications(
        self, notifier: Notifier, outbound: Outbound, idempotency: Idempotency, journal: Journal
    ) -> tuple[Courier, Webhooks]:
        webhooks, deliveries, now = self._table(WEBHOOKS), self._table(DELIVERIES), self.now
        keyring = Keyring(self._envelopes(), now)
        fanout = Fanout(webhooks, deliveries, notifier.queue, now)
        attempts = Attempts(webhooks, deliveries, keyring, outbound, notifier, now)
        service = Webhooks(webhooks, deliveries, fanout, keyring, idempotency, outbound, journal, now)
        members, sent = self._table(MEMBERSHIPS), self._table(IDEMPOTENCY_KEYS)
        letters = Letters(self._post, self._table(USERS), self._table(SETTINGS), members, sent, now)
        return Courier(notifier.queue, fanout, attempts, letters, now), service

    def _integrations(self, projects: Projects, outbound: Outbound, idempotency: Idempotency) -> Integrations:
        tester = CredentialTester(outbound, self.now)
        table, envelopes = self._table(INTEGRATIONS), self._envelopes()
        return Integrations(table, projects, envelopes, tester, idempotency, self.now)

    def _outbound(self) -> Outbound:
        private = self.config.allow_private_addresses
        return Outbound(SystemResolver(), is_public_or_private if private else is_public, plain=private)

    def _envelopes(self) -> Envelopes:
        alias = key_alias(self.config)
        vault = KmsVault(self.aws, alias) if alias else LocalVault(self.config.data / "vault-keys")
        return Envelopes(vault, self.now)

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
            cache=self._npm_cache,
            network=self._npm_network,
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
