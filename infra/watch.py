"""The stack that looks after the others: alarms, the dashboard, the budget and the backups."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_backup as backup
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import alarms, findings
from infra.alarms import ALARMS, Alarm, Reading
from infra.run import RunStack
from infra.site import Site
from infra.stages import Stage
from services.foundation.aws.provision import Resources

RUNBOOKS: Final = "docs/operations/runbooks.md"
_NOTHING: Final = ""
"""What has no instances of its own."""
_BACKUP_POLICIES: Final = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "AWSBackupServiceRolePolicyForS3Backup",
)


class WatchStack(Stack):
    """Whoever has the site's `alerts` address is told."""

    def __init__(
        self, scope: Construct, stage: Stage, site: Site, resources: Resources, run: RunStack, **options: Any
    ) -> None:
        super().__init__(scope, f"snapinfra-watch-{stage.name}", **options)
        self._stage, self._resources = stage, resources
        self._named = _dimensions(stage, resources, run)
        self.alerts = sns.Topic(self, "Alerts", topic_name=f"snapinfra-alerts-{stage.name}", enforce_ssl=True)
        if site.alerts is not None:
            self.alerts.add_subscription(subscriptions.EmailSubscription(site.alerts))
        rung = [each for alarm in ALARMS for each in self._alarms(alarm)]
        self._dashboard(rung)
        self._budget(site)
        if stage.backup_days:
            self._backups()

    def _alarms(self, alarm: Alarm) -> Iterator[cloudwatch.Alarm]:
        """Make one alarm, or one for each table or queue that it is about."""
        of = next(iter(alarm.readings.values())).of
        for instance in self._named[of]:
            metrics = {name: self._metric(reading, instance) for name, reading in alarm.readings.items()}
            metric: cloudwatch.IMetric = next(iter(metrics.values()))
            if alarm.expression:
                metric = cloudwatch.MathExpression(
                    expression=alarm.expression, using_metrics=metrics, period=Duration.minutes(5), label=alarm.name
                )
            name = f"{alarm.name}-{instance}" if instance else f"{alarm.name}-{self._stage.name}"
            made = cloudwatch.Alarm(
                self,
                f"Alarm-{alarm.name}-{instance}",
                alarm_name=f"snapinfra-{name.removeprefix('snapinfra-')}",
                alarm_description=f"{alarm.says} {RUNBOOKS}#{alarm.name}",
                metric=metric,
                threshold=alarm.above,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=alarm.periods,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            made.add_alarm_action(actions.SnsAction(self.alerts))
            made.add_ok_action(actions.SnsAction(self.alerts))
            yield made

    def _metric(self, reading: Reading, instance: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=reading.namespace,
            metric_name=reading.metric,
            dimensions_map=dict(self._named[reading.of][instance]),
            statistic=reading.statistic,
            period=Duration.minutes(reading.minutes),
        )

    def _dashboard(self, rung: Sequence[cloudwatch.Alarm]) -> None:
        """Draw what an operator looks at first: alarms, then each alarm's metric over the last day."""
        board = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=f"snapinfra-{self._stage.name}", default_interval=Duration.days(1)
        )
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(rung), width=24, height=8))
        widgets = [self._widget(alarm) for alarm in ALARMS]
        for start in range(0, len(widgets), 3):
            board.add_widgets(*widgets[start : start + 3])

    def _widget(self, alarm: Alarm) -> cloudwatch.GraphWidget:
        lines: list[cloudwatch.IMetric] = [
            self._metric(reading, instance)
            for reading in alarm.readings.values()
            for instance in self._named[reading.of]
        ]
        return cloudwatch.GraphWidget(
            title=alarm.says,
            left=lines,
            width=8,
            left_annotations=[] if alarm.expression else [cloudwatch.HorizontalAnnotation(value=alarm.above)],
        )

    def _budget(self, site: Site) -> None:
        subscribers = [
            budgets.CfnBudget.SubscriberProperty(address=address, subscription_type="EMAIL")
            for address in [site.alerts]
            if address is not None
        ]
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"snapinfra-{self._stage.name}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self._stage.budget, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:snapinfra:stage${self._stage.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=subscribers,
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ]
            if subscribers
            else None,
        )

    def _backups(self) -> None:
        """Daily, of every table and the bucket, kept for the stage's days and, where it says so, in another region."""
        vault = backup.BackupVault(
            self, "Vault", backup_vault_name=f"snapinfra-{self._stage.name}", block_recovery_point_deletion=True
        )
        days = Duration.days(self._stage.backup_days)
        copies = [
            backup.BackupPlanCopyActionProps(
                destination_backup_vault=backup.BackupVault.from_backup_vault_arn(
                    self,
                    "FarVault",
                    f"arn:{self.partition}:backup:{region}:{self.account}:backup-vault:snapinfra-{self._stage.name}",
                ),
                delete_after=days,
            )
            for region in filter(None, [self._stage.copies_to])
        ]
        plan = backup.BackupPlan(
            self,
            "Backups",
            backup_plan_name=f"snapinfra-{self._stage.name}",
            backup_vault=vault,
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name="daily",
                    schedule_expression=events.Schedule.cron(hour="3", minute="0"),
                    delete_after=days,
                    copy_actions=copies,
                )
            ],
        )
        role = iam.Role(
            self,
            "BackupRole",
            assumed_by=iam.ServicePrincipal("backup.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in _BACKUP_POLICIES],
        )
        for policy in _BACKUP_POLICIES:
            arn = f"arn:<AWS::Partition>:iam::aws:policy/{policy}"
            reason = "What AWS Backup needs, which AWS keeps up with what it can back up."
            findings.explain(role, "AwsSolutions-IAM4", reason, of=f"Policy::{arn}")
        plan.add_selection(
            "Everything",
            role=role,
            resources=[
                *(
                    backup.BackupResource.from_arn(
                        self.format_arn(service="dynamodb", resource="table", resource_name=name)
                    )
                    for name, _ in self._resources.tables
                ),
                backup.BackupResource.from_arn(f"arn:{self.partition}:s3:::{self._resources.bucket}"),
            ],
        )


def _dimensions(stage: Stage, resources: Resources, run: RunStack) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return the dimensions of each thing that alarms are about, by the name of the instance."""
    balancer = {"LoadBalancer": run.balancer.load_balancer_full_name}
    cluster = run.cluster.cluster_name
    return {
        alarms.BALANCER: {_NOTHING: balancer},
        alarms.TARGETS: {_NOTHING: balancer | {"TargetGroup": run.targets.target_group_full_name}},
        alarms.API: {_NOTHING: {"ClusterName": cluster, "ServiceName": run.api.service_name}},
        alarms.WORKER: {_NOTHING: {"ClusterName": cluster, "ServiceName": run.worker.service_name}},
        alarms.TABLE: {name: {"TableName": name} for name, _ in resources.tables},
        alarms.QUEUE: {queue.name: {"QueueName": queue.name} for queue in resources.queues},
        alarms.DEAD: {f"{queue.name}-dlq": {"QueueName": f"{queue.name}-dlq"} for queue in resources.queues},
        alarms.TOPIC: {_NOTHING: {"TopicName": resources.topic}},
        alarms.BUCKET: {_NOTHING: {"BucketName": resources.bucket, "StorageType": "StandardStorage"}},
        alarms.CACHE: {_NOTHING: {"ReplicationGroupId": f"snapinfra-{stage.name}"}},
    }
