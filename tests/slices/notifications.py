"""What the tables of tests have of webhooks and notification targets."""

from typing import Final

from tests.slice import MANAGE, Create, Entry, Slice, Values, told

SLICE: Final = Slice(
    made={
        "webhook": (
            'createWebhook(input: {teamId: $team, url: "http://127.0.0.1:9999", events: [WEBHOOK_DISABLED]})',
            "webhook",
        ),
        "delivery": ("testWebhook(input: {webhookId: $webhook})", "delivery"),
        "target": ("createNotificationTarget(input: {teamId: $team, channel: EMAIL, address: $address})", "target"),
    },
    entries={
        "Query.webhook": Entry("query($webhook: ID!) { webhook(id: $webhook) { id } }", MANAGE),
        "Query.webhooks": Entry("query($team: ID!) { webhooks(teamId: $team) { nodes { id } } }", MANAGE),
        "Query.notificationTargets": Entry(
            "query($team: ID!) { notificationTargets(teamId: $team) { nodes { id } } }", MANAGE
        ),
        "Mutation.createWebhook": Entry(
            'mutation($team: ID!) { createWebhook(input: {teamId: $team, url: "http://127.0.0.1:9999",'
            " events: [WEBHOOK_DISABLED]}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.updateWebhook": Entry(
            "mutation($webhook: ID!) {"
            ' updateWebhook(input: {webhookId: $webhook, description: "x"}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.deleteWebhook": Entry(
            "mutation($freshWebhook: ID!) { deleteWebhook(input: {webhookId: $freshWebhook}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.rotateWebhookSecret": Entry(
            "mutation($webhook: ID!) { rotateWebhookSecret(input: {webhookId: $webhook}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.testWebhook": Entry(
            "mutation($webhook: ID!) { testWebhook(input: {webhookId: $webhook}) { userErrors { code } } }", MANAGE
        ),
        "Mutation.redeliverWebhook": Entry(
            "mutation($delivery: ID!) { redeliverWebhook(input: {deliveryId: $delivery}) { userErrors { code } } }",
            MANAGE,
            told("CONFLICT"),
        ),
        "Mutation.createNotificationTarget": Entry(
            "mutation($team: ID!) { createNotificationTarget(input: {teamId: $team, channel: EMAIL,"
            ' address: "x@example.com"}) { userErrors { code } } }',
            MANAGE,
            told("CONFLICT"),
        ),
        "Mutation.confirmNotificationTarget": Entry(
            "mutation($target: ID!) {"
            ' confirmNotificationTarget(input: {targetId: $target, code: "000000"}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.deleteNotificationTarget": Entry(
            "mutation($freshTarget: ID!) {"
            " deleteNotificationTarget(input: {targetId: $freshTarget}) { userErrors { code } } }",
            MANAGE,
        ),
    },
    creates={
        "createWebhook": Create(
            "webhook",
            {"teamId": "{team}", "url": "https://example.com/a"},
            {"url": "https://example.com/b"},
            people_only=True,
        ),
        "createNotificationTarget": Create(
            "target",
            {"teamId": "{team}", "channel": "EMAIL", "address": "{address}"},
            {"address": "another@example.com"},
            people_only=True,
        ),
    },
    makes_nothing=(
        "confirmNotificationTarget",
        "deleteNotificationTarget",
        "deleteWebhook",
        "redeliverWebhook",
        "rotateWebhookSecret",
        "testWebhook",
        "updateWebhook",
    ),
    values={
        "createWebhook": Values(
            {"url": "http://127.0.0.1:9999/a"},
            {"url": "http://127.0.0.1:9999/b", "events": ["WEBHOOK_DISABLED"], "description": "b"},
        ),
        "updateWebhook": Values(
            {"webhookId": "{webhook}"},
            {
                "url": "http://127.0.0.1:9999/b",
                "events": ["GENERATION_FINISHED"],
                "description": "b",
                "enabled": False,
                "expectedVersion": 999,
            },
        ),
    },
    shown={
        "resolvers/test_notifications_targets.py": (
            "CreateNotificationTargetInput.address",
            "CreateNotificationTargetInput.channel",
            "CreateNotificationTargetInput.events",
        ),
        (
            "services/notifications/test_confirmations.py::"
            "test_a_wrong_code_confirms_nothing_and_after_five_none_is_right"
        ): ("ConfirmNotificationTargetInput.code",),
    },
)
