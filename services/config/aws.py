"""The settings of AWS and of the event log: where each resource is."""

from pydantic import Field

from services.config import forms
from services.config.forms import HttpUrl
from services.config.section import Section


class AwsSettings(Section):
    """AWS, mail and the event log."""

    aws_region: forms.Region = Field("us-east-1", alias="AWS_REGION", description="AWS region of all resources.")
    aws_endpoint_url: HttpUrl | None = Field(
        None,
        alias="AWS_ENDPOINT_URL",
        description="An AWS emulator instead of AWS, which must take the key id `local` with the secret `local`. "
        "Unset, `snapinfra dev` starts one of its own.",
    )
    public_endpoint_url: HttpUrl | None = Field(
        None,
        alias="AWS_PUBLIC_ENDPOINT_URL",
        description="Where browsers reach the emulator, for download links; unset, AWS_ENDPOINT_URL.",
    )
    sqs_endpoint_url: HttpUrl | None = Field(
        None, alias="AWS_ENDPOINT_URL_SQS", description="Another emulator for SQS alone."
    )
    stage: str = Field(
        "",
        alias="SNAPINFRA_STAGE",
        pattern=r"^[a-z0-9-]{0,20}$",
        description="Suffix of every table, queue, bucket, topic and key alias: several stages may share an account.",
    )
    bucket: forms.BucketName = Field(
        "snapinfra-storage", alias="S3_BUCKET_NAME", description="S3 bucket for artifacts."
    )
    generation_queue: forms.QueueName = Field(
        "snapinfra-code-generation", alias="SQS_CODE_GENERATION_QUEUE", description="SQS queue of generation jobs."
    )
    deployment_queue: forms.QueueName = Field(
        "snapinfra-deployments", alias="SQS_DEPLOYMENT_QUEUE", description="SQS queue of deployment jobs."
    )
    topic: forms.TopicName = Field(
        "snapinfra-deployment-notifications",
        alias="SNS_DEPLOYMENT_NOTIFICATIONS",
        description="SNS topic told of every generation and deployment that ends.",
    )

    mail_from: forms.Address | None = Field(
        None,
        alias="MAIL_FROM",
        description="Address from which people get mail through SES: invitations, and what they want to be told of. "
        "SES must know it or its domain (`snapinfra provision` asks its owner). Unset, no mail is sent.",
    )
    app_url: HttpUrl | None = Field(
        None,
        alias="APP_URL",
        description="Where the frontend is, for links in mail: `<APP_URL>/invitations/<token>`. Needed with MAIL_FROM.",
    )
    notification_queue: forms.QueueName = Field(
        "snapinfra-notifications", alias="SQS_NOTIFICATION_QUEUE", description="SQS queue of webhook deliveries."
    )
    key_alias: str | None = Field(
        None,
        alias="KMS_KEY_ALIAS",
        pattern=r"^alias/[A-Za-z0-9/_-]+$",
        description="KMS key that wraps the data keys of secrets, as `alias/…`; `snapinfra provision` makes it. "
        "Unset, `alias/snapinfra-secrets`, and in development a file in SNAPINFRA_DATA in place of KMS.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        alias="ALLOW_PRIVATE_ADDRESSES",
        description="Whether webhooks and providers' URLs may lead to this machine and private networks, and be http. "
        "Development only.",
    )

    events_url: forms.EventsUrl = Field(
        "memory://",
        alias="EVENTS_URL",
        description="The event log: `memory://` for one process, `redis://…` or `rediss://…` for any number. Over "
        "several, with commas between them, its streams are spread; a comma in a password is `%2C`.",
    )

    def name_of(self, resource: str) -> str:
        """Name a table, queue, bucket or topic in this stage."""
        return f"{resource}-{self.stage}" if self.stage else resource
