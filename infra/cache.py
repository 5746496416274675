"""The event log's server: Valkey in every zone, encrypted, durable as its replicas are, and nothing of it evicted."""

from typing import Final

from aws_cdk import RemovalPolicy, SecretValue
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra import findings
from infra.network import CACHE_PORT, Network
from infra.stages import Stage

_ROTATION: Final = "Changed by hand, with docs/operations/runbooks.md: api and worker have to start anew to take it."


class Cache(Construct):
    """`url` is the secret that EVENTS_URL is taken from."""

    def __init__(self, scope: Construct, stage: Stage, network: Network) -> None:
        super().__init__(scope, "Cache")
        self._stage, self._network = stage, network
        password = secrets.Secret(
            self,
            "Password",
            secret_name=f"snapinfra-events-password-{stage.name}",
            generate_secret_string=secrets.SecretStringGenerator(password_length=64, exclude_punctuation=True),
        )
        known = password.secret_value.unsafe_unwrap()  # a reference that CloudFormation resolves
        address = f"{self._group(known).attr_primary_end_point_address}:{CACHE_PORT}"
        self.url = secrets.Secret(
            self,
            "Url",
            secret_name=f"snapinfra-events-url-{stage.name}",
            secret_string_value=SecretValue.unsafe_plain_text(f"rediss://:{known}@{address}/0"),
        )
        for secret in (password, self.url):
            findings.explain(secret, "AwsSolutions-SMG4", _ROTATION)

    def _group(self, password: str) -> elasticache.CfnReplicationGroup:
        """Return the servers: one for each zone, of which one takes the writes."""
        stage = self._stage
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_description="The event log of Snapinfra",
            replication_group_id=f"snapinfra-{stage.name}",
            engine="valkey",
            engine_version="8.0",
            cache_node_type=stage.cache,
            num_cache_clusters=stage.zones,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
            auth_token=password,
            port=CACHE_PORT,
            cache_subnet_group_name=self._subnets().ref,
            cache_parameter_group_name=self._settings().ref,
            security_group_ids=[self._network.cache.security_group_id],
            snapshot_retention_limit=7 if stage.is_kept else 0,
            auto_minor_version_upgrade=True,
        )
        group.apply_removal_policy(RemovalPolicy.SNAPSHOT if stage.is_kept else RemovalPolicy.DESTROY)
        return group

    def _subnets(self) -> elasticache.CfnSubnetGroup:
        subnets = self._network.vpc.select_subnets(subnet_group_name="cache").subnet_ids
        return elasticache.CfnSubnetGroup(self, "Subnets", description="Reached from inside alone", subnet_ids=subnets)

    def _settings(self) -> elasticache.CfnParameterGroup:
        return elasticache.CfnParameterGroup(
            self,
            "Settings",
            cache_parameter_group_family="valkey8",
            description="An event log that forgets by itself would have holes",
            properties={"maxmemory-policy": "noeviction"},
        )
