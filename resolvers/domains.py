"""Domains of one's own in the schema: the records to set, and what the platform says of them."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.platforms import DeploymentPlatform
from resolvers.projects import Project
from resolvers.shown import AnyDeployment, AnyUser, shown, shows
from services.core.ids import DeploymentId, DomainId
from services.domains import model, service
from services.platforms import domains as port
from services.platforms.domains import CertificateState, DomainState
from services.platforms.vendors.domains import MOST_RECORDS

strawberry.enum(DomainState)
strawberry.enum(CertificateState)


@strawberry.type
class DnsRecord:
    """A record to set where the DNS of a domain is."""

    type: str
    """Such as CNAME, A or TXT. ALIAS is what some DNS hosts call ANAME or a flattened CNAME: for a whole domain, such
    as `example.com`, which can have no CNAME."""
    name: str
    """In full, such as `api.example.com`; many DNS hosts want only what is before the domain, here `api`."""
    value: str
    """What it leads to, or says."""

    @classmethod
    def of(cls, record: port.DnsRecord) -> Self:
        return cls(type=record.type, name=record.name, value=record.value)


@shows(model.Domain, prefix="domain", get=lambda services: services.domains.get)
@strawberry.type
class Domain(Node):
    """A domain of one's own that leads to a deployment, and to those that take its place."""

    name: str
    """In lower case, with other letters than ASCII's as DNS has them (`xn--…`)."""
    platform: DeploymentPlatform
    """Where it leads to."""
    site: str
    """What the platform calls the place, such as an app or a service."""
    state: DomainState
    """Whether it leads there, when the platform last said so."""
    certificate: CertificateState
    """How far its certificate has come."""
    records: Annotated[list[DnsRecord], AtMost(MOST_RECORDS)]
    """What to set in the domain's DNS, and to leave there. A TXT record that proves whose it is is shown until it is
    seen."""
    message: str | None
    """What the platform says beside this, if anything."""
    checked_at: datetime | None
    """When the platform said so; null while it has said nothing: ask it by `checkDomain`."""
    created_at: datetime
    """When it was added."""
    domain: strawberry.Private[model.Domain]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        return Project.of(await info.context.services.projects.get(self.domain.project_id, by=info.context.actor))

    @strawberry.field
    async def deployment(self, info: Info) -> AnyDeployment | None:
        """What was live when it was added; null once that is deleted."""
        return shown(await info.context.loaders.deployment(self.domain.deployment_id, self.domain.project_id))

    @strawberry.field
    async def added_by(self, info: Info) -> AnyUser | None:
        """Who added it."""
        return shown(await info.context.loaders.user(self.domain.user_id))

    @classmethod
    def of(cls, domain: model.Domain) -> Self:
        return cls(
            id=strawberry.ID(domain.id),
            name=domain.name,
            platform=domain.platform,
            site=domain.site,
            state=domain.state,
            certificate=domain.certificate,
            records=[DnsRecord.of(record) for record in domain.records],
            message=domain.message,
            checked_at=domain.checked_at,
            created_at=domain.created_at,
            domain=domain,
        )


@strawberry.input
class AddDomainInput:
    """A name, and where it is to lead."""

    deployment_id: strawberry.ID
    """A deployment that is live, at HEROKU, RAILWAY, VERCEL or RENDER. Later ones in its place keep the domain."""
    name: str
    """A hostname such as `api.example.com`, of at most 253 characters; no wildcard. A project can have 20 domains."""
    client_mutation_id: ClientMutationId = retry_returns("domain")


@strawberry.input
class CheckDomainInput:
    """A domain to look at again."""

    domain_id: strawberry.ID
    """The domain."""


@strawberry.input
class RemoveDomainInput:
    """A domain to take away."""

    domain_id: strawberry.ID
    """The domain."""


@strawberry.type
class AddDomainPayload(Payload):
    """The domain with the records to set, or what was wrong."""

    domain: Domain | None = None
    """The domain as the platform has it; after a CONFLICT that which the project has; null after other user errors."""


@strawberry.type
class CheckDomainPayload(Payload):
    """The domain as it is now, or what was wrong."""

    domain: Domain | None = None
    """The domain as the platform has it; null where there are user errors."""


@strawberry.type
class RemoveDomainPayload(Payload):
    """The domain that is gone, or what was wrong."""

    removed_domain_id: strawberry.ID | None = None
    """The domain's id; null where there are user errors."""


@strawberry.type
class DomainsMutation:
    @mutation("Which name, and where it leads.")
    async def add_domain(self, info: Info, input: AddDomainInput) -> AddDomainPayload:
        """Let a domain of yours lead to a live deployment: the platform takes it, and says which DNS records to set.
        Waits for the platform, at most 25 seconds; UNAVAILABLE where that takes longer: try again, nothing is added
        twice. A name that the project has at the same site already stays, and is looked at again.
        """
        new = service.NewDomain(
            deployment_id=DeploymentId(input.deployment_id),
            name=input.name,
            client_mutation_id=input.client_mutation_id,
        )
        return AddDomainPayload.of(await info.context.services.domains.add(new, by=info.context.actor))

    @mutation("Which one.")
    async def check_domain(self, info: Info, input: CheckDomainInput) -> CheckDomainPayload:
        """Let the platform look at a domain again, and show what it says. Waits for it as `addDomain` does."""
        domain_id = DomainId(input.domain_id)
        return CheckDomainPayload.of(await info.context.services.domains.check(domain_id, by=info.context.actor))

    @mutation("Which one.")
    async def remove_domain(self, info: Info, input: RemoveDomainInput) -> RemoveDomainPayload:
        """Take a domain away, also at the platform, where it may be gone already. Waits for it as `addDomain` does."""
        domain_id = DomainId(input.domain_id)
        return RemoveDomainPayload.of(await info.context.services.domains.remove(domain_id, by=info.context.actor))
