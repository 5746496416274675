"""How a process is put together: from the settings to its services and workers, ready to use."""

import secrets
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.activity.service import Activity
from services.admin import Admin
from services.architectures.service import ARCHITECTURES, Architectures
from services.bootstrap import measuring, notifying
from services.bootstrap.adapters import Adapters, providers
from services.bootstrap.health import Health
from services.bootstrap.identity import accounts
from services.bootstrap.identity import identity as make_identity
from services.bootstrap.parts import Process, Runner, Services
from services.bootstrap.resources import table_name
from services.collaboration import Collaboration
from services.config import Config
from services.core.clock import Clock, utc_now
from services.core.prices import Prices, nanos
from services.dashboard import Dashboards
from services.deployments.archive import DEPLOYMENT_LOGS, LogArchive
from services.deployments.job import DeploymentJob
from services.deployments.model import DEPLOYMENTS
from services.deployments.service import Deployments
from services.deployments.variables import Variables
from services.documentation.model import DOCUMENTATION
from services.documentation.service import Documentation
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.clients import connect
from services.foundation.aws.queue import Queue
from services.foundation.aws.spec import Owner
from services.foundation.events.hub import Hub
from services.foundation.events.open import open_log
from services.foundation.events.port import EventLog
from services.foundation.events.shared import SharedStreams
from services.foundation.jobs.sweeper import Sweeper
from services.foundation.jobs.worker import Worker
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.foundation.limits.throttle import Throttle
from services.foundation.outbound.client import Outbound
from services.foundation.outbound.resolver import SystemResolver
from services.generations.job import GenerationJob
from services.generations.kinds.architecture import ArchitectureKind
from services.generations.kinds.chat import ChatKind
from services.generations.kinds.code import CodeKind
from services.generations.kinds.documentation import DocumentationKind
from services.generations.kinds.schema import SchemaKind
from services.generations.model import GENERATIONS, GenerationKind
from services.generations.options import completing
from services.generations.service import Generations
from services.integrations.model import INTEGRATIONS
from services.integrations.service import Integrations
from services.integrations.testing import CredentialTester
from services.journal.journal import Journal
from services.journal.model import ACTIVITY
from services.lifecycle.deletion import Deletion
from services.lifecycle.purge import Purge
from services.llm.port import Options
from services.llm.router import Router
from services.notifications.model import TARGETS
from services.notifications.notifier import Notifier
from services.outcomes.announcer import DeploymentAnnouncer, GenerationAnnouncer, Outlets
from services.outcomes.product_events import ProductEvents
from services.platforms.port import DeploymentPlatform, Platform
from services.projects.service import PROJECTS, Projects
from services.projects.trash import DeletedProjects
from services.schemas.service import SCHEMAS, Schemas
from services.settings import SETTINGS, TEAM_SETTINGS, Settings
from services.sign_in import SignIn
from services.usage.model import BUDGETS, USAGE
from services.usage.reports import Reports
from services.usage.service import Budgets
from services.usage.service import Limits as BudgetLimits


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
    aws = connect(
        region=config.aws_region,
        endpoint=config.aws_endpoint_url,
        sqs_endpoint=config.sqs_endpoint_url,
        public_endpoint=config.public_endpoint_url,
    )
    log = open_log(config.events_url, now)
    router, resolver = Router(providers(config), pause=config.ai_cooldown), SystemResolver()
    try:
        adapters = Adapters(config=config, environment=environment, aws=aws, resolver=resolver, now=now)
        yield _Builder(adapters=adapters, log=log, router=router, given_platforms=platforms).process()
    finally:
        await router.aclose()
        await resolver.aclose()
        await log.close()
        aws.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Builder:
    adapters: Adapters
    """Makes the ways to the outside."""
    log: EventLog
    router: Router
    given_platforms: Mapping[DeploymentPlatform, Platform] | None

    def process(self) -> Process:
        adapters, config, now = self.adapters, self.adapters.config, self.adapters.now
        hub, bucket = Hub(self.log), Bucket(adapters.aws, config.name_of(config.bucket))
        notifier = Notifier(
            topic=adapters.topic(), queue=adapters.queue(config.notification_queue), targets=adapters.table(TARGETS)
        )
        generation_queue, deployment_queue = (
            adapters.queue(config.generation_queue),
            adapters.queue(config.deployment_queue),
        )
        idempotency = Idempotency(table=adapters.table(IDEMPOTENCY_KEYS), pepper=config.pepper, now=now)
        generation_table, deployment_table = adapters.table(GENERATIONS), adapters.table(DEPLOYMENTS)
        archive = LogArchive(adapters.table(DEPLOYMENT_LOGS), now)
        platforms = adapters.platforms() if self.given_platforms is None else self.given_platforms
        streams = SharedStreams(self.log, secrets.randbits)
        journal = Journal(table=adapters.table(ACTIVITY), streams=streams, now=now)
        identity = make_identity(adapters, notifier, idempotency, journal)
        limits = BudgetLimits(config.team_tokens, None if config.team_cost is None else nanos(config.team_cost))
        counters, usage = adapters.table(BUDGETS), adapters.table(USAGE)
        budgets = Budgets(
            records=generation_table,
            counters=counters,
            usage=usage,
            limits=limits,
            prices=Prices(config.prices),
            models=config.models,
            now=now,
        )
        projects = Projects(
            table=adapters.table(PROJECTS), access=identity.access, idempotency=idempotency, journal=journal, now=now
        )
        activity = Activity(table=adapters.table(ACTIVITY), projects=projects, streams=streams, hub=hub)
        settings = Settings(
            users=adapters.table(SETTINGS),
            teams=adapters.table(TEAM_SETTINGS),
            models=frozenset(config.models),
            platforms=frozenset(platforms),
            journal=journal,
            now=now,
        )
        schemas = Schemas(aws=adapters.aws, table=adapters.table(SCHEMAS), projects=projects, now=now)
        architectures = Architectures(
            table=adapters.table(ARCHITECTURES), projects=projects, idempotency=idempotency, now=now
        )
        documentation = Documentation(
            table=adapters.table(DOCUMENTATION), projects=projects, idempotency=idempotency, now=now
        )
        analytics = measuring.analytics(adapters, self.log, projects)
        outlets = Outlets(notifier=notifier, events=ProductEvents(analytics, now), journal=journal, now=now)
        announcer = GenerationAnnouncer(table=generation_table, bucket=bucket, outlets=outlets)
        options_for = completing(
            Options(temperature=config.ai_temperature, max_tokens=config.ai_max_tokens, top_p=config.ai_top_p)
        )
        generations = Generations(
            table=generation_table,
            projects=projects,
            bucket=bucket,
            queue=generation_queue,
            announcer=announcer,
            event_log=self.log,
            hub=hub,
            idempotency=idempotency,
            schemas=adapters.table(SCHEMAS),
            options_for=options_for,
            rates=RateLimiter(table=adapters.table(RATES), most=config.requests_per_minute, now=now),
            budgets=budgets,
            settings=settings,
            now=now,
        )
        variables = Variables(adapters.envelopes())
        deployments = Deployments(
            table=deployment_table,
            projects=projects,
            generations=generations,
            archive=archive,
            queue=deployment_queue,
            event_log=self.log,
            hub=hub,
            idempotency=idempotency,
            settings=settings,
            variables=variables,
            platforms=frozenset(platforms),
            now=now,
        )
        generation_job = GenerationJob(
            table=generation_table,
            projects=projects,
            schemas=schemas,
            bucket=bucket,
            announcer=announcer,
            event_log=self.log,
            provider=self.router,
            kinds={
                GenerationKind.SCHEMA: SchemaKind(schemas),
                GenerationKind.ARCHITECTURE: ArchitectureKind(architectures),
                GenerationKind.CODE: CodeKind(adapters.checks(), secrets.token_bytes),
                GenerationKind.DOCUMENTATION: DocumentationKind(documentation, secrets.token_bytes),
                GenerationKind.CHAT: ChatKind(generation_table, bucket),
            },
            options_for=options_for,
            budgets=budgets,
            new_redactor=adapters.redactor,
            now=now,
        )
        deployment_job = DeploymentJob(
            table=deployment_table,
            generations=generation_table,
            projects=projects,
            archive=archive,
            bucket=bucket,
            announcer=DeploymentAnnouncer(table=deployment_table, outlets=outlets),
            event_log=self.log,
            platforms=platforms,
            variables=variables,
            now=now,
        )
        outbound = adapters.outbound()
        dispatcher, webhooks = notifying.webhooks(adapters, notifier, outbound, idempotency, journal)
        deleted = DeletedProjects(projects, now)
        deletion = Deletion(
            projects=projects,
            deleted=deleted,
            generations=generations,
            deployments=deployments,
            generation_job=generation_job,
            deployment_job=deployment_job,
        )
        services = Services(
            config=config,
            throttle=Throttle(config.api_rate, time.monotonic),
            access=identity.access,
            sign_in=identity.sign_in,
            users=identity.users,
            teams=identity.teams,
            members=identity.members,
            invitations=identity.invitations,
            api_keys=identity.api_keys,
            accounts=accounts(adapters, identity, deletion),
            projects=projects,
            schemas=schemas,
            architectures=architectures,
            generations=generations,
            deployments=deployments,
            documentation=documentation,
            analytics=analytics,
            analytics_events=measuring.events(adapters, analytics, bucket),
            deleted_projects=deleted,
            deletion=deletion,
            settings=settings,
            activity=activity,
            collaboration=Collaboration(activity=activity, streams=streams, hub=hub, now=now),
            dashboards=Dashboards(
                projects=projects, deployments=deployment_table, activity=adapters.table(ACTIVITY), now=now
            ),
            admin=Admin(
                generations=generation_table,
                deployments=deployment_table,
                generation_queue=generation_queue,
                deployment_queue=deployment_queue,
                notification_queue=notifier.queue,
                event_log=self.log,
                projects=projects,
                budgets=budgets,
                now=now,
            ),
            usage=Reports(usage=usage, counters=counters, limits=limits, now=now),
            webhooks=webhooks,
            targets=notifying.targets(adapters, notifier, idempotency, journal),
            integrations=self._integrations(projects, outbound, idempotency),
            health=self._health(bucket, generation_queue, identity.sign_in),
        )
        workers: list[Runner] = [
            self._worker(generation_queue, generation_job, config.generation_slots),
            self._worker(deployment_queue, deployment_job, config.deployment_slots),
            self._sweeper(generation_queue, generation_job),
            self._sweeper(deployment_queue, deployment_job),
            dispatcher,
            Purge(deleted=deleted, deletion=deletion, belongings=adapters.belongings(Owner.PROJECT), now=now),
        ]
        return Process(services, workers)

    def _integrations(self, projects: Projects, outbound: Outbound, idempotency: Idempotency) -> Integrations:
        tester = CredentialTester(outbound, self.adapters.now)
        table, envelopes = self.adapters.table(INTEGRATIONS), self.adapters.envelopes()
        return Integrations(
            table=table,
            projects=projects,
            envelopes=envelopes,
            tester=tester,
            idempotency=idempotency,
            now=self.adapters.now,
        )

    def _worker(self, queue: Queue, handler: Any, slots: int) -> Worker[Any]:
        config = self.adapters.config
        return Worker(
            queue=queue,
            handler=handler,
            events=self.log,
            slots=slots,
            lease=config.job_lease,
            grace=config.drain_grace,
            now=self.adapters.now,
            new_owner=lambda: uuid.uuid4().hex,
        )

    def _sweeper(self, queue: Queue, handler: Any) -> Sweeper[Any]:
        lease = self.adapters.config.job_lease
        return Sweeper(
            queue=queue, handler=handler, events=self.log, quiet=3 * lease, lease=lease, now=self.adapters.now
        )

    def _health(self, bucket: Bucket, queue: Queue, sign_in: SignIn) -> Health:
        aws, table = self.adapters.aws, table_name(self.adapters.config, PROJECTS)
        checks: dict[str, Callable[[], Awaitable[object]]] = {
            "dynamodb": lambda: aws.run(aws.dynamodb.describe_table, TableName=table),
            "s3": lambda: aws.run(aws.s3.head_bucket, Bucket=bucket.name),
            "sqs": lambda: aws.run(aws.sqs.get_queue_url, QueueName=queue.name),
            "events": self.log.ping,
            "clerk": sign_in.auth.ready,
            "ai": self.router.ready,
        }
        return Health(
            checks=checks, required=frozenset(checks) - {"ai"}, started=self.adapters.now(), now=self.adapters.now
        )
