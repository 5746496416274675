"""The service of a site: its settings, its variables, its deploys."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from services.core.frozen import frozen
from services.platforms.port import DeployFailed, Order, Placement
from services.platforms.render.answers import (
    ROLLBACK,
    Deploy,
    Instance,
    ListedDeploy,
    ListedService,
    ListedVariable,
    NewService,
    Owner,
    Service,
)
from services.platforms.render.api import MOST, Render
from services.platforms.vendors.client import Refused
from services.platforms.vendors.workspaces import listed, meant

OURS: Final = "SNAPINFRA_VARIABLES"
"""The variable that lists those which we set: the others are the user's own."""

BRANCH: Final = "main"
PLANS: Final = (
    "free",
    "starter",
    "starter_plus",
    "standard",
    "standard_plus",
    "pro",
    "pro_plus",
    "pro_max",
    "pro_ultra",
    "custom",
)
"""Those of a web service: api-docs.render.com/reference/create-service."""
PLAN: Final = "free"
"""Of a new service of which nobody says how large: any other wants a payment method. It sleeps when nobody calls it."""
REGION: Final = "virginia"
"""Of a new service of which nobody says where: next to the tables, in us-east-1."""

NOT_THERE: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE}
"""What a refusal to go back to a deploy says of its build: that it is kept no more."""

_PAGES: Final = 20
_BUILD: Final = "npm run build --if-present"


@frozen
class Site:
    """The service has the site's name. It may not be there yet."""

    api: Render
    placement: Placement

    async def find(self) -> Service | None:
        """Return the service of the site, in whichever workspace is meant. Raises DeployFailed."""
        service_id = self.placement.progress.id("service")
        if service_id is not None:
            return await self.api.get(f"/services/{service_id}", Service)
        owners = {owner.id for owner in meant(await self.api.owners(), self.placement.credentials, at="Render")}
        page = await self.api.get(
            "/services", list[ListedService], name=self.placement.site, type="web_service", limit=str(MOST)
        )
        services = [each.service for each in page or [] if each.service.name == self.placement.site]
        return next((each for each in services if each.owner_id in owners), None)

    async def known(self) -> Service:
        """Return the service. Raises DeployFailed where Render has it no more."""
        service = await self.find()
        if service is None:
            raise DeployFailed("GONE", f"Render has no service {self.placement.site}: it was deleted there.")
        return service

    async def create(self, order: Order, *, repository: str, variables: Mapping[str, str]) -> NewService:
        """Create the service, whose first deploy takes the newest commit. Raises as `Client.call` does."""
        body = {
            "type": "web_service",
            "name": self.placement.site,
            "ownerId": (await self._owner()).id,
            **_source(repository),
            "envVars": _listed(_named(variables)),
            "serviceDetails": {
                "plan": PLAN,
                "region": order.hosting.region or REGION,
                "numInstances": order.hosting.instances or 1,
                **_details(order),
            },
        }
        return (await self.api.create_service(body)).read(NewService)

    async def settle(self, service: Service, order: Order, *, repository: str) -> None:
        """Bring the settings of a service to what is asked for; its region stays, and its plan unless one is chosen."""
        wanted = _details(order)
        details = service.service_details
        commands = details.env_specific_details
        present: dict[str, object] = {"plan": details.plan} if order.hosting.size else {}
        present |= {
            "runtime": "node",
            "healthCheckPath": details.health_check_path,
            "envSpecificDetails": {"buildCommand": commands.build_command, "startCommand": commands.start_command},
        }
        source = {"repo": service.repo, "branch": service.branch, "autoDeploy": service.auto_deploy}
        if (present, source) != (wanted, _source(repository)):
            body = {**_source(repository), "serviceDetails": wanted}
            await self.api.call("PATCH", f"/services/{service.id}", body=body)

    async def change(self, service: Service, details: Mapping[str, object]) -> None:
        """Change settings, which count from the next deploy on."""
        await self.api.call("PATCH", f"/services/{service.id}", body={"serviceDetails": details})

    async def scale(self, service: Service, instances: int) -> None:
        """Let so many instances run, from now on."""
        body = {"numInstances": instances}
        await self.api.call("POST", f"/services/{service.id}/scale", body=body, repeatable=True)

    async def variables(self, service: Service) -> dict[str, str]:
        """Return the variables that the next deploy finds."""
        variables: dict[str, str] = {}
        params: dict[str, str] = {"limit": str(MOST)}
        for _ in range(_PAGES):
            page = await self.api.get(f"/services/{service.id}/env-vars", list[ListedVariable], **params) or []
            variables |= {each.env_var.key: each.env_var.value for each in page}
            if len(page) < MOST:
                break
            params["cursor"] = page[-1].cursor
        return variables

    async def set_variables(self, service: Service, wanted: Mapping[str, str]) -> None:
        """Set what is wanted, and take out what we set earlier and is wanted no more. The user's own stay.

        They count from the next deploy on: Render takes all at once, and restarts nothing for them.
        """
        present = await self.variables(service)
        ours = {OURS, *present.get(OURS, "").split()}
        kept = {name: value for name, value in present.items() if name not in ours}
        whole = {**kept, **_named(wanted)}
        if whole != present:
            await self.api.call("PUT", f"/services/{service.id}/env-vars", body=_listed(whole))

    async def deploys(self, service: Service) -> list[Deploy]:
        """Return the newest deploys, the newest first."""
        page = await self.api.get(f"/services/{service.id}/deploys", list[ListedDeploy], limit=str(MOST))
        return [each.deploy for each in page or []]

    async def find_deploy(self, commit: str) -> Deploy | None:
        """Return the first deploy of a commit: later ones of it are restarts and rollbacks."""
        service = await self.find()
        deploys = await self.deploys(service) if service else []
        return next((each for each in reversed(deploys) if each.commit.id == commit), None)

    async def instances(self, service: Service) -> list[str]:
        """Return the ids of the instances that run."""
        running = await self.api.get(f"/services/{service.id}/instances", list[Instance])
        return [each.id for each in running or []]

    async def resume(self, service: Service) -> None:
        """Let a service run again that was suspended. Raises DeployFailed where its owner may not."""
        others = set(service.suspenders) - {"user"}
        if others:
            message = f"Render has suspended the service ({', '.join(sorted(others))}): see dashboard.render.com."
            raise DeployFailed("SUSPENDED", message)
        await self.api.call("POST", f"/services/{service.id}/resume", repeatable=True)

    async def restart(self, service: Service) -> None:
        """Begin to replace what runs by other instances of the same, which is a deploy, too."""
        await self.api.call("POST", f"/services/{service.id}/restart")

    async def suspend(self) -> None:
        """Let nothing of the service run."""
        service = await self.find()
        if service is not None and not service.is_suspended:
            await self.api.call("POST", f"/services/{service.id}/suspend", repeatable=True)

    async def cancel(self, service: Service, deploy: Deploy) -> Deploy:
        """Cancel a deploy, and return what has become of it, which may have ended meanwhile."""
        try:
            await self.api.call("POST", f"/services/{service.id}/deploys/{deploy.id}/cancel", repeatable=True)
        except Refused as refused:
            if refused.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}:
                raise
        return await self.api.deploy(service.id, deploy.id)

    async def begin(self, service: Service, commit: str) -> str | None:
        """Begin a deploy of a commit and return its id; None where it waits for another deploy, and has none yet."""
        body = {"commitId": commit, "clearCache": "do_not_clear"}
        answer = await self.api.call("POST", f"/services/{service.id}/deploys", body=body)
        return None if answer.status == HTTPStatus.ACCEPTED else answer.read(Deploy).id

    async def roll_back(self, service: Service, deploy_id: str) -> str:
        """Begin a deploy of what an earlier deploy has built, with its variables, and return its id."""
        answer = await self.api.call("POST", f"/services/{service.id}/rollback", body={"deployId": deploy_id})
        return answer.read(Deploy).id

    async def find_rollback(self, service: Service, *, after: str) -> str | None:
        """Return the first rollback that was begun after a deploy."""
        deploys = await self.deploys(service)
        ids = [each.id for each in deploys]
        later = deploys[: ids.index(after)] if after in ids else []
        return next((each.id for each in reversed(later) if each.trigger == ROLLBACK), None)

    async def _owner(self) -> Owner:
        """Return the workspace for a new service. Raises DeployFailed where there is more than one to choose from."""
        owners = meant(await self.api.owners(), self.placement.credentials, at="Render")
        if len(owners) > 1:
            message = (
                f"The API key reaches several workspaces at Render: {listed(owners)}. Give the integration its"
                " credentials with one of them: {workspaceToken: {token, workspace}}."
            )
            raise DeployFailed("WORKSPACE_UNKNOWN", message)
        return owners[0]


def _source(repository: str) -> dict[str, str]:
    return {"repo": repository, "branch": BRANCH, "autoDeploy": "no"}


def _details(order: Order) -> dict[str, object]:
    chosen = order.config
    commands = {
        "buildCommand": f"npm install --include=dev && {chosen.build_command or _BUILD}",
        "startCommand": chosen.start_command or "npm start",
    }
    plan = {"plan": order.hosting.size} if order.hosting.size else {}
    return {"runtime": "node", "healthCheckPath": chosen.health_path, "envSpecificDetails": commands, **plan}


def _named(wanted: Mapping[str, str]) -> dict[str, str]:
    return {**wanted, OURS: " ".join(sorted(wanted))}


def _listed(variables: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in sorted(variables.items())]
