"""The notices of generations and deployments."""

from services.deployments.model import Deployment, DeploymentStatus
from services.generations.model import Generation
from services.notifications.model import NotificationEvent
from services.notifications.notice import Notice


def generation_queued(generation: Generation) -> Notice:
    """Tell that a generation waits for a worker."""
    return Notice(
        key=f"{generation.id}/QUEUED",
        event=NotificationEvent.GENERATION_QUEUED,
        team_id=generation.team_id,
        at=generation.created_at,
        subject="Generation queued",
        text=f"{generation.kind.value} generation {generation.id} of project {generation.project_id} is QUEUED.",
        data={
            "teamId": generation.team_id,
            "projectId": generation.project_id,
            "generationId": generation.id,
            "kind": generation.kind.value,
            "status": generation.status.value,
        },
        user_id=generation.user_id,
    )


def generation_finished(generation: Generation, *, download_url: str | None = None) -> Notice:
    """Tell that a generation has ended."""
    status = generation.status.value
    return Notice(
        key=f"{generation.id}/{generation.attempt}/{status}",
        event=NotificationEvent.GENERATION_FINISHED,
        team_id=generation.team_id,
        at=generation.finished_at or generation.updated_at,
        subject=f"Generation {status.lower()}",
        text=f"{generation.kind.value} generation {generation.id} of project {generation.project_id} is {status}.",
        data={
            "teamId": generation.team_id,
            "projectId": generation.project_id,
            "generationId": generation.id,
            "kind": generation.kind.value,
            "status": status,
            "reason": generation.reason.value if generation.reason else None,
            "downloadUrl": download_url,
        },
        user_id=generation.user_id,
    )


def deployment_changed(deployment: Deployment) -> Notice:
    """Tell that a deployment answers or has ended."""
    status, live = deployment.status.value, deployment.status is DeploymentStatus.SUCCESS
    return Notice(
        key=f"{deployment.id}/{status}",
        event=NotificationEvent.DEPLOYMENT_SUCCEEDED if live else NotificationEvent.DEPLOYMENT_FINISHED,
        team_id=deployment.team_id,
        at=(deployment.live_at if live else deployment.finished_at) or deployment.updated_at,
        subject=f"Deployment {status.lower()}",
        text=f"Deployment {deployment.id} of project {deployment.project_id} is {status}.",
        data={
            "teamId": deployment.team_id,
            "projectId": deployment.project_id,
            "deploymentId": deployment.id,
            "platform": deployment.platform.value,
            "status": status,
            "reason": deployment.reason,
            "url": deployment.url,
        },
        user_id=deployment.user_id,
    )
