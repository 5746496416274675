"""This package is notifications in the schema: webhooks, their deliveries, and the operations on them."""

from resolvers.notifications.objects import Webhook, WebhookDelivery

__all__ = ["Webhook", "WebhookDelivery"]
