"""How the services that ask for jobs are put together, and the workers that do them."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from services.architectures.service import Architectures
from services.bootstrap.parts import Runner
from services.bootstrap.shared import Shared
from services.core.frozen import frozen
from services.deployments.archive import LogArchive
from services.deployments.deploying import Deployer
from services.deployments.given import Given
from services.deployments.job import DeploymentJob
from services.deployments.model import DEPLOYMENT_LOGS, DEPLOYMENTS
from services.deployments.operating import Operator
from services.deployments.orders import Orders
from services.deployments.secrets import Secrets
from services.deployments.service import Deployments
from services.deployments.turns import Turns
from services.deployments.variables import Variables
from services.documentation.service import Documentation
from services.environments.service import Environments
from services.foundation.aws.queue import Queue
from services.foundation.jobs.sweeper import Sweeper
from services.foundation.jobs.worker import Worker
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.generations.job import GenerationJob
from services.generations.kinds.architecture import ArchitectureKind
from services.generations.kinds.chat import ChatKind
from services.generations.kinds.code import CodeKind
from services.generations.kinds.documentation import DocumentationKind
from services.generations.kinds.schema import SchemaKind
from services.generations.model import GENERATIONS, Generation, GenerationKind
from services.generations.options import completing
from services.generations.service import Generations
from services.integrations.service import Integrations
from services.llm.port import Options
from services.llm.router import Router
from services.outcomes.announcer import DeploymentAnnouncer, GenerationAnnouncer, Outlets
from services.platforms.port import DeploymentPlatform, Platform
from services.projects.service import Projects
from services.schemas.service import Schemas
from services.settings import Settings
from services.usage.service import Budgets


@frozen(kw_only=True)
class Working:
    """Makes what asks for jobs, and what does them."""

    shared: Shared
    projects: Projects
    settings: Settings
    outlets: Outlets

    def generations(
        self,
        router: Router,
        budgets: Budgets[Generation],
        *,
        schemas: Schemas,
        architectures: Architectures,
        documentation: Documentation,
    ) -> tuple[Generations, GenerationJob]:
        shared, adapters, config, now = self.shared, self.shared.adapters, self.shared.config, self.shared.now
        table = adapters.table(GENERATIONS)
        announcer = GenerationAnnouncer(bucket=shared.bucket, outlets=self.outlets)
        options_for = completing(
            Options(temperature=config.ai_temperature, max_tokens=config.ai_max_tokens, top_p=config.ai_top_p)
        )
        service = Generations(
            table=table,
            projects=self.projects,
            bucket=shared.bucket,
            queue=adapters.queue(config.generation_queue),
            announcer=announcer,
            event_log=shared.log,
            hub=shared.hub,
            idempotency=shared.idempotency,
            schemas=schemas,
            architectures=architectures,
            options_for=options_for,
            rates=RateLimiter(table=adapters.table(RATES), most=config.requests_per_minute, now=now),
            budgets=budgets,
            settings=self.settings,
            now=now,
        )
        job = GenerationJob(
            table=table,
            projects=self.projects,
            schemas=schemas,
            architectures=architectures,
            bucket=shared.bucket,
            announcer=announcer,
            event_log=shared.log,
            provider=router,
            kinds={
                GenerationKind.SCHEMA: SchemaKind(schemas),
                GenerationKind.ARCHITECTURE: ArchitectureKind(architectures),
                GenerationKind.CODE: CodeKind(adapters.checks(), secrets.token_bytes),
                GenerationKind.DOCUMENTATION: DocumentationKind(documentation, secrets.token_bytes),
                GenerationKind.CHAT: ChatKind(table, shared.bucket),
            },
            options_for=options_for,
            budgets=budgets,
            new_redactor=adapters.redactor,
            now=now,
        )
        return service, job

    def deployments(
        self,
        platforms: Mapping[DeploymentPlatform, Platform],
        generations: Generations,
        integrations: Integrations,
        environments: Environments,
    ) -> tuple[Deployments, Deployer, Operator, DeploymentJob]:
        shared, adapters, now = self.shared, self.shared.adapters, self.shared.now
        table, archive = adapters.table(DEPLOYMENTS), LogArchive(adapters.table(DEPLOYMENT_LOGS), now)
        envelopes, tables = adapters.envelopes(), adapters.tables_here()
        variables = Variables(envelopes)
        service = Deployments(
            table=table,
            projects=self.projects,
            archive=archive,
            queue=adapters.queue(shared.config.deployment_queue),
            event_log=shared.log,
            hub=shared.hub,
            variables=variables,
            now=now,
        )
        deployer = Deployer(
            deployments=service,
            projects=self.projects,
            generations=generations,
            environments=environments,
            integrations=integrations,
            settings=self.settings,
            secrets=Secrets(deployments=service, generations=generations, projects=self.projects, envelopes=envelopes),
            idempotency=shared.idempotency,
            platforms=frozenset(platforms),
            has_tables_here=tables is not None,
            now=now,
        )
        turns = Turns(table=table, projects=self.projects, now=now)
        job = DeploymentJob(
            table=table,
            projects=self.projects,
            archive=archive,
            announcer=DeploymentAnnouncer(outlets=self.outlets),
            event_log=shared.log,
            platforms=platforms,
            environments=environments,
            turns=turns,
            orders=Orders(
                table=table,
                generations=generations,
                bucket=shared.bucket,
                variables=variables,
                given=Given(table=table, turns=turns, variables=variables, now=now),
                integrations=integrations,
                archive=archive,
                tables=tables,
            ),
            now=now,
        )
        operator = Operator(deployments=service, idempotency=shared.idempotency, platforms=platforms)
        return service, deployer, operator, job


def workers(shared: Shared, queue: Queue, handler: Any, *, slots: int) -> Sequence[Runner]:
    """Make what does a queue's jobs, and what looks for forgotten ones."""
    config, lease = shared.config, shared.config.job_lease
    worker: Worker[Any] = Worker(
        queue=queue,
        handler=handler,
        events=shared.log,
        slots=slots,
        lease=lease,
        grace=config.drain_grace,
        now=shared.now,
        new_owner=lambda: uuid.uuid4().hex,
    )
    sweeper: Sweeper[Any] = Sweeper(
        queue=queue, handler=handler, events=shared.log, quiet=3 * lease, lease=lease, now=shared.now
    )
    return [worker, sweeper]
