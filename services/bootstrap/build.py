"""How a process is put together: from the settings to its services and workers, ready to use."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager

from services.activity import Activity
from services.admin import Admin
from services.architectures.model import ARCHITECTURES
from services.architectures.service import Architectures
from services.bootstrap import measuring, notifying
from services.bootstrap.adapters import Adapters, providers
from services.bootstrap.health import Health
from services.bootstrap.identity import access_changes, accounts
from services.bootstrap.identity import identity as make_identity
from services.bootstrap.parts import Process, Services
from services.bootstrap.resources import table_name
from services.bootstrap.shared import Shared
from services.bootstrap.working import Working, workers
from services.collaboration import Collaboration
from services.config import Config
from services.core.clock import Clock, utc_now
from services.dashboard import Dashboards
from services.deployments.model import INTEGRATION_OF
from services.documentation.model import DOCUMENTATION
from services.documentation.service import Documentation
from services.domains.model import DOMAINS
from services.domains.service import Domains
from services.environments.model import ENVIRONMENTS
from services.environments.service import Environments
from services.foundation.aws.clients import connect
from services.foundation.aws.queue import Queue
from services.foundation.aws.roles import Roles
from services.foundation.aws.spec import Owner
from services.foundation.events.open import open_log
from services.foundation.limits.throttle import Throttle
from services.foundation.outbound.resolver import SystemResolver
from services.integrations.model import INTEGRATIONS, IntegrationType
from services.integrations.service import Integrations
from services.integrations.testing import Checker, CredentialTester
from services.journal.model import ACTIVITY
from services.journal.reading import JournalReader
from services.lifecycle.deletion import Deletion
from services.lifecycle.purge import Purge
from services.llm.router import Router
from services.outcomes.announcer import Outlets
from services.outcomes.product_events import ProductEvents
from services.platforms.port import DeploymentPlatform, Platform
from services.presence import Rooms
from services.projects.model import PROJECTS
from services.projects.service import Projects
from services.projects.trash import DeletedProjects
from services.pushes.model import PUSHES
from services.pushes.service import HURRY, Pushes
from services.schemas.model import SCHEMAS
from services.schemas.service import Schemas
from services.settings import SETTINGS, TEAM_SETTINGS, Settings
from services.sign_in import SignIn
from services.usage.reports import Reports


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
        sts_endpoint=config.aws_urls.get("sts"),
        public_endpoint=config.public_endpoint_url,
    )
    log = open_log(config.events_url, now)
    router, resolver = Router(providers(config), pause=config.ai_cooldown), SystemResolver()
    try:
        adapters = Adapters(config=config, environment=environment, aws=aws, resolver=resolver, now=now)
        process = _process(Shared.of(adapters, log), router, adapters.platforms() if platforms is None else platforms)
        async with aclosing(process.services.access):
            yield process
    finally:
        await router.aclose()
        await resolver.aclose()
        await log.close()
        aws.close()


def _process(shared: Shared, router: Router, platforms: Mapping[DeploymentPlatform, Platform]) -> Process:
    adapters, config, now, table = shared.adapters, shared.config, shared.now, shared.adapters.table
    notifier, idempotency, journal = shared.notifier, shared.idempotency, shared.journal
    access = access_changes(shared)
    projects = Projects(table=table(PROJECTS), access=access.changes, idempotency=idempotency, journal=journal, now=now)
    identity = make_identity(shared, access, projects)
    schemas = Schemas(table=table(SCHEMAS), projects=projects, now=now)
    architectures = Architectures(table=table(ARCHITECTURES), projects=projects, idempotency=idempotency, now=now)
    documentation = Documentation(table=table(DOCUMENTATION), projects=projects, idempotency=idempotency, now=now)
    settings = Settings(
        users=table(SETTINGS),
        teams=table(TEAM_SETTINGS),
        models=frozenset(config.models),
        platforms=frozenset(platforms),
        journal=journal,
        now=now,
    )
    noted = JournalReader(table(ACTIVITY))
    activity = Activity(journal=noted, projects=projects, streams=shared.streams, hub=shared.hub)
    budgets = measuring.budgets(adapters)
    analytics = measuring.analytics(shared, projects)
    outlets = Outlets(notifier=notifier, events=ProductEvents(analytics, now), journal=journal)
    working = Working(shared=shared, projects=projects, settings=settings, outlets=outlets)
    generations, generation_job = working.generations(
        router, budgets, schemas=schemas, architectures=architectures, documentation=documentation
    )
    outbound = adapters.outbound()
    github = adapters.github(HURRY)
    checkers: dict[IntegrationType, Checker] = {
        **{kind: platforms[at] for at, kind in INTEGRATION_OF.items() if at in platforms},
        IntegrationType.GITHUB: github,
    }
    integrations = Integrations(
        table=table(INTEGRATIONS),
        projects=projects,
        envelopes=adapters.envelopes(),
        tester=CredentialTester(outbound, now, checkers=checkers),
        roles=Roles(adapters.aws, now),
        idempotency=idempotency,
        now=now,
    )
    environments = Environments(
        table=table(ENVIRONMENTS),
        projects=projects,
        envelopes=adapters.envelopes(),
        idempotency=idempotency,
        platforms=platforms,
        now=now,
    )
    deployments, deployer, operator, deployment_job = working.deployments(
        platforms, generations, integrations, environments
    )
    dispatcher, webhooks = notifying.webhooks(shared, outbound, identity, settings)
    deleted = DeletedProjects(projects, now)
    deletion = Deletion(
        projects=projects,
        deleted=deleted,
        generations=generations,
        deployments=deployments,
        environments=environments,
        integrations=integrations,
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
        accounts=accounts(shared, identity, deletion),
        projects=projects,
        schemas=schemas,
        architectures=architectures,
        generations=generations,
        deployments=deployments,
        deployer=deployer,
        operator=operator,
        environments=environments,
        pushes=Pushes(
            table=table(PUSHES),
            projects=projects,
            generations=generations,
            integrations=integrations,
            github=github,
            idempotency=idempotency,
            now=now,
        ),
        domains=Domains(
            table=table(DOMAINS),
            projects=projects,
            deployments=deployments,
            integrations=integrations,
            platforms=platforms,
            idempotency=idempotency,
            now=now,
        ),
        documentation=documentation,
        analytics=analytics,
        analytics_events=measuring.events(shared, analytics),
        deleted_projects=deleted,
        deletion=deletion,
        settings=settings,
        activity=activity,
        collaboration=Collaboration(activity=activity, rooms=Rooms(streams=shared.streams, hub=shared.hub, now=now)),
        dashboards=Dashboards(projects=projects, deployments=deployments, journal=noted, now=now),
        admin=Admin(
            generations=generations,
            deployments=deployments,
            generation_queue=generations.queue,
            deployment_queue=deployments.queue,
            notification_queue=notifier.queue,
            event_log=shared.log,
            projects=projects,
            budgets=budgets,
            now=now,
        ),
        usage=Reports(usage=budgets.usage, counters=budgets.counters, limits=budgets.limits, now=now),
        webhooks=webhooks,
        targets=notifying.targets(shared),
        integrations=integrations,
        health=_health(shared, generations.queue, identity.sign_in, router),
    )
    purge = Purge(deleted=deleted, deletion=deletion, items=adapters.owned_items(Owner.PROJECT))
    return Process(
        services,
        [
            *workers(shared, generations.queue, generation_job, slots=config.generation_slots),
            *workers(shared, deployments.queue, deployment_job, slots=config.deployment_slots),
            dispatcher,
            purge,
        ],
    )


def _health(shared: Shared, queue: Queue, sign_in: SignIn, router: Router) -> Health:
    aws, bucket, table = shared.adapters.aws, shared.bucket, table_name(shared.config, PROJECTS)
    checks: dict[str, Callable[[], Awaitable[object]]] = {
        "dynamodb": lambda: aws.run(aws.dynamodb.describe_table, TableName=table),
        "s3": lambda: aws.run(aws.s3.head_bucket, Bucket=bucket.name),
        "sqs": lambda: aws.run(aws.sqs.get_queue_url, QueueName=queue.name),
        "events": shared.log.ping,
        "clerk": sign_in.auth.ready,
        "ai": router.ready,
    }
    required = frozenset(checks) - {"ai"}
    if len(servers := shared.log.servers) > 1:  # those that answer go on; which one does not is told
        checks |= {f"events-{number}": server.ping for number, server in enumerate(servers, start=1)}
    return Health(checks=checks, required=required, started=shared.now(), now=shared.now)
