"""Architectures in the schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.shown import AnyGeneration, shown, shows
from services.architectures import model
from services.core.ids import ArchitectureId, ProjectId
from services.designs import architecture as design
from services.designs.architecture import MAX_EDGES, MAX_NODES

DiagramNodeKind = strawberry.enum(design.NodeKind, name="DiagramNodeKind")


@strawberry.type
class DiagramNode:
    """A part of an architecture."""

    id: strawberry.ID
    """Unique in its architecture, and only there."""
    kind: design.NodeKind
    """What it is."""
    name: str
    """What it is called."""
    description: str
    """What it does; may be empty."""


@strawberry.type
class DiagramEdge:
    """One part of an architecture uses another."""

    from_: strawberry.ID = strawberry.field(name="from")
    """The node that uses."""
    to: strawberry.ID
    """The node that is used."""
    label: str
    """How; may be empty."""


@shows(model.Architecture, prefix="architecture", get=lambda services: services.architectures.get)
@strawberry.type
class Architecture(Node):
    """A drawing of a backend's parts and how they connect, generated or made by hand."""

    nodes: Annotated[list[DiagramNode], AtMost(MAX_NODES)]
    """Its parts."""
    edges: Annotated[list[DiagramEdge], AtMost(MAX_EDGES)]
    """How they connect."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it last changed."""
    architecture: strawberry.Private[model.Architecture]

    @strawberry.field
    def mermaid(self) -> str:
        """The same as a Mermaid flowchart."""
        return design.mermaid(self.architecture.model)

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        project = await info.context.services.projects.get(self.architecture.project_id, by=info.context.actor)
        return Project.of(project)

    @strawberry.field
    async def generation(self, info: Info) -> AnyGeneration | None:
        """The generation that made it; null for one made by hand. From version 2 on, somebody has changed it since."""
        generation = await info.context.loaders.generation(
            self.architecture.generation_id, self.architecture.project_id
        )
        return shown(generation)

    @classmethod
    def of(cls, architecture: model.Architecture) -> Self:
        return cls(
            id=strawberry.ID(architecture.id),
            nodes=[
                DiagramNode(id=strawberry.ID(node.id), kind=node.kind, name=node.name, description=node.description)
                for node in architecture.model.nodes
            ],
            edges=[
                DiagramEdge(from_=strawberry.ID(edge.from_node), to=strawberry.ID(edge.to_node), label=edge.label)
                for edge in architecture.model.edges
            ],
            version=architecture.version,
            created_at=architecture.created_at,
            updated_at=architecture.updated_at,
            architecture=architecture,
        )


@strawberry.input
class DiagramNodeInput:
    """A part of an architecture."""

    id: strawberry.ID
    """A letter, then letters, digits, underscores and hyphens, at most 63 in all; unique in its architecture."""
    kind: design.NodeKind
    """What it is."""
    name: str
    """One line of 1 to 100 characters."""
    description: str = ""
    """What it does, in at most 500 characters."""


@strawberry.input
class DiagramEdgeInput:
    """One part of an architecture uses another."""

    from_: strawberry.ID = strawberry.field(name="from")
    """The id of the node that uses."""
    to: strawberry.ID
    """The id of the node that is used."""
    label: str = ""
    """How, in one line of at most 100 characters."""


@strawberry.input
class SaveArchitectureInput:
    """An architecture made by hand."""

    project_id: strawberry.ID
    """The project."""
    nodes: Annotated[list[DiagramNodeInput], AtMost(MAX_NODES)]
    """The parts: at least one."""
    edges: Annotated[list[DiagramEdgeInput], AtMost(MAX_EDGES)] = strawberry.field(default_factory=list)
    """How they connect: no two alike."""
    client_mutation_id: ClientMutationId = retry_returns("architecture")


@strawberry.input
class UpdateArchitectureInput:
    """What an architecture is to show instead."""

    architecture_id: strawberry.ID
    """The architecture."""
    nodes: Annotated[list[DiagramNodeInput], AtMost(MAX_NODES)]
    """All parts that it shall have: at least one."""
    edges: Annotated[list[DiagramEdgeInput], AtMost(MAX_EDGES)] = strawberry.field(default_factory=list)
    """All connections that it shall have: no two alike."""
    expected_version: int | None = None
    """Change nothing unless it still has this version: a CONFLICT then carries the architecture as it is."""


@strawberry.input
class DeleteArchitectureInput:
    """An architecture to delete."""

    architecture_id: strawberry.ID
    """The architecture."""


@strawberry.type
class SaveArchitecturePayload(Payload):
    """The new architecture, or everything that was wrong."""

    architecture: Architecture | None = None
    """The architecture; null where there are user errors."""


@strawberry.type
class UpdateArchitecturePayload(Payload):
    """The changed architecture, or everything that was wrong."""

    architecture: Architecture | None = None
    """The architecture as it is now, also after a CONFLICT."""


@strawberry.type
class DeleteArchitecturePayload(Payload):
    """Which architecture is gone, or what was wrong."""

    deleted_architecture_id: strawberry.ID | None = None
    """The architecture's id; null where there are user errors."""


@strawberry.type
class ArchitecturesQuery:
    @strawberry.field
    async def architecture(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The architecture.")]
    ) -> Architecture | None:
        """Return one architecture."""
        architecture = await info.context.services.architectures.get(ArchitectureId(id), by=info.context.actor)
        return Architecture.of(architecture)


@strawberry.type
class ArchitecturesMutation:
    @mutation("What it shows.")
    async def save_architecture(self, info: Info, input: SaveArchitectureInput) -> SaveArchitecturePayload:
        """Store an architecture made by hand. All faults are reported at once."""
        architecture = await info.context.services.architectures.save(
            ProjectId(input.project_id),
            _model(input.nodes, input.edges),
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return SaveArchitecturePayload.of(architecture)

    @mutation("What to change.")
    async def update_architecture(self, info: Info, input: UpdateArchitectureInput) -> UpdateArchitecturePayload:
        """Replace what an architecture shows, whoever made it. All faults are reported at once."""
        architecture = await info.context.services.architectures.change(
            ArchitectureId(input.architecture_id),
            _model(input.nodes, input.edges),
            expected_version=input.expected_version,
            by=info.context.actor,
        )
        return UpdateArchitecturePayload.of(architecture)

    @mutation("What to delete.")
    async def delete_architecture(self, info: Info, input: DeleteArchitectureInput) -> DeleteArchitecturePayload:
        """Delete an architecture. The generation that made it stays."""
        architecture = await info.context.services.architectures.delete(
            ArchitectureId(input.architecture_id), by=info.context.actor
        )
        return DeleteArchitecturePayload.of(architecture)


def _model(nodes: Sequence[DiagramNodeInput], edges: Sequence[DiagramEdgeInput]) -> design.ArchitectureModel:
    return design.ArchitectureModel(
        nodes=tuple(design.Node(**vars(node)) for node in nodes),
        edges=tuple(design.Edge(from_node=edge.from_, to_node=edge.to, label=edge.label) for edge in edges),
    )
