"""Reads and asks with Render's own SDK: render_sdk.py URL TOKEN SERVICE COMMIT < bodies of requests, as JSON.

Runs in a Python of its own, where the SDK is, and writes a line of JSON for each thing that it did: its name, and what
was wrong with it. Beyond what the SDK demands, an answer or a body may have nothing that its model does not know.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

ROOT = "render.public_api"
NESTED: Mapping[str, Mapping[str, str]] = {
    "Service": {"serviceDetails": "WebServiceDetails"},
    "WebServiceDetails": {"envSpecificDetails": "NativeEnvironmentDetails"},
    "ServicePOST": {"serviceDetails": "WebServiceDetailsPOST"},
    "WebServiceDetailsPOST": {"envSpecificDetails": "NativeEnvironmentDetailsPOST"},
    "ServicePATCH": {"serviceDetails": "WebServiceDetailsPATCH"},
    "WebServiceDetailsPATCH": {"envSpecificDetails": "NativeEnvironmentDetailsPATCH"},
    "ServiceEvent": {"details": "DeployEnded"},
    "DeployEnded": {"reason": "BuildDeployEndReason"},
    "ServiceAndDeploy": {"service": "Service"},
    "ServiceWithCursor": {"service": "Service"},
    "DeployWithCursor": {"deploy": "Deploy"},
    "OwnerWithCursor": {"owner": "Owner"},
    "EnvVarWithCursor": {"envVar": "EnvVar"},
    "ServiceEventWithCursor": {"event": "ServiceEvent"},
    "Deploy": {"commit": "DeployCommit"},
    "ListLogsResponse200": {"logs": "Log"},
    "Log": {"labels": "LogLabel"},
}
"""Which model is meant where several could be, or a list is of one."""
BODIES: Mapping[str, str] = {
    "POST /v1/services": "ServicePOST",
    "PATCH /v1/services/*": "ServicePATCH",
    "PUT /v1/services/*/env-vars": "EnvVarKeyValue",
    "POST /v1/services/*/deploys": "CreateDeployBody",
    "POST /v1/services/*/rollback": "RollbackDeployBody",
    "POST /v1/services/*/scale": "ScaleServiceBody",
}


def model(name: str) -> Any:
    return getattr(import_module(f"{ROOT}.models"), name)


def hold(raw: Any, name: str) -> None:
    """Raise where something is not as a model has it, or has what the model does not know."""
    if isinstance(raw, list):
        for each in cast("list[Any]", raw):
            hold(each, name)
        return
    read = model(name).from_dict(raw)
    if read.additional_keys:
        raise ValueError(f"{name} knows no {', '.join(read.additional_keys)}")
    for key, nested in NESTED.get(name, {}).items():
        if key in raw:
            hold(raw[key], nested)


@dataclass(frozen=True)
class Sdk:
    """Operations on one service. Each raises where it is not done, or its answer is not of its model."""

    client: Any
    service: str
    commit: str

    def ask(self, operation: str, *given: Any, answer: str = "", status: int = 200, **more: Any) -> Any:
        """Do an operation, and return its answer."""
        response = import_module(f"{ROOT}.api.{operation}").sync_detailed(*given, client=self.client, **more)
        if response.status_code != status:
            raise ValueError(f"{operation}: {response.status_code} {response.content!r}")
        if not answer:
            return None
        raw = json.loads(response.content)
        hold(raw, answer)
        return raw

    def begin(self) -> str:
        body = model("CreateDeployBody")(commit_id=self.commit)
        return str(self.ask("deploys.create_deploy", self.service, body=body, answer="Deploy", status=201)["id"])

    def wait(self, deploy_id: str) -> None:
        while True:
            status = self.ask("deploys.retrieve_deploy", self.service, deploy_id, answer="Deploy")["status"]
            if status == "live":
                return
            if status not in {"created", "queued", "build_in_progress", "update_in_progress"}:
                raise ValueError(status)
            time.sleep(0.05)

    def deploy(self) -> None:
        self.wait(self.begin())

    def roll_back(self) -> None:
        deploys = self.ask("deploys.list_deploys", self.service, limit=100, answer="DeployWithCursor")
        body = model("RollbackDeployBody")(deploy_id=deploys[-1]["deploy"]["id"])
        begun = self.ask("deploys.rollback_deploy", self.service, body=body, answer="Deploy", status=201)
        self.wait(begun["id"])

    def cancel(self) -> None:
        canceled = self.ask("deploys.cancel_deploy", self.service, self.begin(), answer="Deploy")
        if canceled["status"] != "canceled":
            raise ValueError(canceled["status"])

    def scale(self) -> None:
        self.ask("services.scale_service", self.service, body=model("ScaleServiceBody")(num_instances=2), status=202)

    def variables(self) -> None:
        listed = self.ask("services.get_env_vars_for_service", self.service, limit=100, answer="EnvVarWithCursor")
        kept = [model("EnvVarKeyValue").from_dict(each["envVar"]) for each in listed]
        body = [*kept, model("EnvVarKeyValue")(key="BY_THE_SDK", value="1")]
        self.ask("services.update_env_vars_for_service", self.service, body=body, answer="EnvVarWithCursor")

    def logs(self) -> None:
        owner = self.ask("services.retrieve_service", self.service, answer="Service")["ownerId"]
        for kind in ("build", "app"):
            asked: dict[str, Any] = {"owner_id": owner, "resource": [self.service], "type_": [kind], "limit": 100}
            asked["direction"] = model("LogDirection")("forward")
            if not self.ask("logs.list_logs", answer="ListLogsResponse200", **asked)["logs"]:
                raise ValueError(f"no lines of type {kind}")

    def steps(self) -> dict[str, Callable[[], object]]:
        service = self.service
        return {
            "list_owners": lambda: self.ask("workspaces.list_owners", answer="OwnerWithCursor"),
            "list_services": lambda: self.ask("services.list_services", limit=100, answer="ServiceWithCursor"),
            "get_env_vars_for_service, update_env_vars_for_service": self.variables,
            "list_events": lambda: self.ask("services.list_events", service, answer="ServiceEventWithCursor"),
            "list_instances": lambda: self.ask("services.list_instances", service, answer="ServiceInstance"),
            "retrieve_service, list_logs": self.logs,
            "create_deploy, retrieve_deploy": self.deploy,
            "list_deploys, rollback_deploy": self.roll_back,
            "cancel_deploy": self.cancel,
            "scale_service": self.scale,
            "restart_service": lambda: self.ask("services.restart_service", service),
            "suspend_service": lambda: self.ask("services.suspend_service", service, status=202),
            "resume_service": lambda: self.ask("services.resume_service", service, status=202),
        }


def main(url: str, token: str, service: str, commit: str) -> None:
    client = import_module(ROOT).AuthenticatedClient(base_url=f"{url}/v1", token=token)
    steps = Sdk(client, service, commit).steps()
    for call, body in json.load(sys.stdin):
        steps[f"{call} #{len(steps)}"] = lambda call=call, body=body: hold(body, BODIES[call])
    for name, step in steps.items():
        wrong = ""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - it is what is told
            wrong = repr(error)
        sys.stdout.write(json.dumps([name, wrong]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
