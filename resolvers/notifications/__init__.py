"""Notifications in the schema: webhooks, their deliveries, and people who are told."""

from resolvers.notifications.objects import Webhook, WebhookDelivery
from resolvers.notifications.targets import NotificationTarget

__all__ = ["NotificationTarget", "Webhook", "WebhookDelivery"]
