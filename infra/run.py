"""The stack of what runs: api and worker on ECS, behind a load balancer and a firewall, and their event log."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_cdk import CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra import findings, firewall, roles
from infra.balancer import balancing
from infra.cache import Cache
from infra.data import repository_name
from infra.network import ADDRESSES, API_PORT, Network
from infra.site import Site
from infra.stages import Stage
from services.foundation.aws.permissions import Process
from services.foundation.aws.provision import Resources

_RETENTIONS: Final[Mapping[int, logs.RetentionDays]] = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    365: logs.RetentionDays.ONE_YEAR,
}


class RunStack(Stack):
    """Finds the data by its names. Api and worker are one image, by its tag in the stage's repository."""

    def __init__(self, scope: Construct, stage: Stage, site: Site, resources: Resources, **options: Any) -> None:
        super().__init__(scope, f"snapinfra-run-{stage.name}", **options)
        self._stage, self._site, self._resources = stage, site, resources
        self.network = Network(self, stage, site)
        self.cache = Cache(self, stage, self.network)
        self._secret = self._settings_secret()
        tag = CfnParameter(self, "Image", description="Tag of the image in the repository of the stage")
        images = ecr.Repository.from_repository_name(self, "Images", repository_name(stage))
        self._image = ecs.ContainerImage.from_ecr_repository(images, tag.value_as_string)
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=f"snapinfra-{stage.name}",
            vpc=self.network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.api = self._service(Process.API, self.network.api, cpu=1024, memory=2048, stop=25)
        self.worker = self._service(Process.WORKER, self.network.worker, cpu=1024, memory=4096, stop=60)
        self.balancer, self.targets = balancing(self, stage, site, self.network, self.api)
        self._scale_api()
        self._scale_worker()
        firewall.protect(self, self.balancer, stage)
        CfnOutput(self, "Address", value=self.balancer.load_balancer_dns_name, description="Point the domain here")

    def _settings_secret(self) -> secrets.Secret:
        """Return the secret whose keys are settings; the pepper is made, the others are put in by hand."""
        waiting = dict.fromkeys(self._site.secrets, "")
        secret = secrets.Secret(
            self,
            "Settings",
            secret_name=f"snapinfra-settings-{self._stage.name}",
            description="Settings of Snapinfra that are secrets, by their names",
            generate_secret_string=secrets.SecretStringGenerator(
                secret_string_template=json.dumps(waiting),
                generate_string_key="API_KEY_PEPPER",
                password_length=64,
                exclude_punctuation=True,
            ),
        )
        findings.explain(secret, "AwsSolutions-SMG4", "Keys of other companies' services, which only these can change.")
        secret.apply_removal_policy(RemovalPolicy.RETAIN if self._stage.is_kept else RemovalPolicy.DESTROY)
        return secret

    def _service(
        self, process: Process, group: ec2.SecurityGroup, *, cpu: int, memory: int, stop: int
    ) -> ecs.FargateService:
        name = process.value
        fewest, _ = self._stage.api if process is Process.API else self._stage.worker
        task = ecs.FargateTaskDefinition(
            self,
            f"{name.title()}Task",
            family=f"snapinfra-{name}-{self._stage.name}",
            cpu=cpu,
            memory_limit_mib=memory,
            task_role=self._role(process),
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
            volumes=[ecs.Volume(name="data"), ecs.Volume(name="tmp")],
        )
        self._container(task, process, stop)
        findings.explain(task, "AwsSolutions-ECS2", "What is in the environment is no secret; secrets are references.")
        findings.explain(
            task.obtain_execution_role(),
            "AwsSolutions-IAM5",
            "A token for the registry of images (ecr:GetAuthorizationToken) is on no resource that IAM knows.",
            of="Resource::*",
        )
        return ecs.FargateService(
            self,
            f"{name.title()}Service",
            service_name=name,
            cluster=self.cluster,
            task_definition=task,
            desired_count=fewest,
            security_groups=[group],
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="tasks"),
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            min_healthy_percent=100,
            max_healthy_percent=200,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            health_check_grace_period=Duration.seconds(60) if process is Process.API else None,
        )

    def _container(self, task: ecs.FargateTaskDefinition, process: Process, stop: int) -> None:
        """Put the process into a task, where it writes to volumes of its own; `stop` is the seconds for its end."""
        name = process.value
        container = task.add_container(
            name,
            image=self._image,
            command=["serve" if process is Process.API else "worker"],
            environment=self._environment(),
            secrets=self._secrets(),
            logging=self._logging(name),
            readonly_root_filesystem=True,
            linux_parameters=ecs.LinuxParameters(self, f"{name.title()}Linux", init_process_enabled=True),
            stop_timeout=Duration.seconds(stop),
            port_mappings=[ecs.PortMapping(container_port=API_PORT)] if process is Process.API else [],
            health_check=_health() if process is Process.API else None,
        )
        container.add_mount_points(
            ecs.MountPoint(container_path="/data", source_volume="data", read_only=False),
            ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False),  # noqa: S108 - the task's own
        )

    def _role(self, process: Process) -> iam.Role:
        name = process.value
        role = iam.Role(
            self,
            f"{name.title()}Role",
            role_name=f"snapinfra-{name}-{self._stage.name}",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description=f"What the {name} of Snapinfra calls, and nothing else",
        )
        account = roles.Account(self.partition, self.region, self.account)
        policy = iam.CfnPolicy(
            self,
            f"{name.title()}Policy",
            roles=[role.role_name],
            policy_name="calls",
            policy_document=roles.policy(process, self._resources, account),
        )
        for arn, reason in roles.wild(process, self._resources, account):
            findings.explain(policy, "AwsSolutions-IAM5", reason, of=f"Resource::{arn}")
        return role

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_REGION": self.region,
            "SNAPINFRA_STAGE": self._stage.name,
            "S3_BUCKET_NAME": self._site.bucket,
            "ALLOWED_HOSTS": self._site.domain,
            "FORWARDED_ALLOW_IPS": ADDRESSES,
            "LOG_FORMAT": "json",
            **({"MAIL_FROM": self._site.mail_from} if self._site.mail_from else {}),
            **self._site.settings,
        }

    def _secrets(self) -> dict[str, ecs.Secret]:
        names = ("API_KEY_PEPPER", *self._site.secrets)
        named = {name: ecs.Secret.from_secrets_manager(self._secret, name) for name in names}
        return {"EVENTS_URL": ecs.Secret.from_secrets_manager(self.cache.url), **named}

    def _logging(self, name: str) -> ecs.LogDriver:
        group = logs.LogGroup(
            self,
            f"{name.title()}Logs",
            log_group_name=f"/snapinfra/{self._stage.name}/{name}",
            retention=_RETENTIONS[self._stage.log_days],
            removal_policy=RemovalPolicy.RETAIN if self._stage.is_kept else RemovalPolicy.DESTROY,
        )
        return ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=group, mode=ecs.AwsLogDriverMode.NON_BLOCKING)

    def _scale_api(self) -> None:
        """By CPU, and by open connections: a socket that is only watched takes memory and hardly any CPU."""
        fewest, most = self._stage.api
        scaling = self.api.auto_scale_task_count(min_capacity=fewest, max_capacity=most)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=60, scale_in_cooldown=Duration.minutes(10))
        scaling.scale_on_memory_utilization(
            "Memory", target_utilization_percent=70, scale_in_cooldown=Duration.minutes(10)
        )

    def _scale_worker(self) -> None:
        """By the age of the oldest message: a queue that is long and quick needs nobody more."""
        fewest, most = self._stage.worker
        scaling = self.worker.auto_scale_task_count(min_capacity=fewest, max_capacity=most)
        for queue in self._resources.queues:
            scaling.scale_on_metric(
                f"Age{len(queue.name)}",
                metric=cloudwatch.Metric(
                    namespace="AWS/SQS",
                    metric_name="ApproximateAgeOfOldestMessage",
                    dimensions_map={"QueueName": queue.name},
                    statistic="Maximum",
                    period=Duration.minutes(1),
                ),
                scaling_steps=_steps(),
                adjustment_type=autoscaling.AdjustmentType.CHANGE_IN_CAPACITY,
                cooldown=Duration.minutes(2),
            )


def _steps() -> Sequence[autoscaling.ScalingInterval]:
    """Return by how many tasks to change at which age in seconds."""
    return [
        autoscaling.ScalingInterval(upper=5, change=-1),
        autoscaling.ScalingInterval(lower=30, change=1),
        autoscaling.ScalingInterval(lower=120, change=4),
        autoscaling.ScalingInterval(lower=600, change=10),
    ]


def _health() -> ecs.HealthCheck:
    return ecs.HealthCheck(
        command=["CMD", "snapinfra", "health"],
        interval=Duration.seconds(15),
        timeout=Duration.seconds(10),
        start_period=Duration.seconds(30),
    )
