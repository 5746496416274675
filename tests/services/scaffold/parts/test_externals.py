"""Tests of how services of others are built into a backend."""

import json

from services.designs.architecture import Edge, Node, NodeKind
from tests.services.scaffold.parts.drawn import backend

STRIPE = Node(id="stripe", kind=NodeKind.EXTERNAL, name="Stripe API", description="Takes payments.")
CALLED = (Edge(from_node="api", to_node="stripe"),)


def test_a_service_that_the_api_calls_has_a_client_with_settings() -> None:
    files = backend(STRIPE, edges=CALLED)

    assert "export function stripeClient(config: Config): External" in files["src/parts/externals/stripe.ts"]
    for setting in ("STRIPE_BASE_URL", "STRIPE_API_TOKEN", "STRIPE_API_TIMEOUT_MS"):
        assert f"'{setting}'" in files["src/config.ts"]
        assert f"\n{setting}=" in files[".env.example"]
    assert "Stripe API: Takes payments." in files["README.md"]


def test_a_service_that_nothing_calls_has_none() -> None:
    assert not any("parts" in path for path in backend(STRIPE))


def test_a_service_of_others_adds_nothing_to_what_is_made_in_aws() -> None:
    files, plain = backend(STRIPE, edges=CALLED), backend()

    for path in ("infrastructure/template.json", "infrastructure/role.json", "src/tables.ts", "package-lock.json"):
        assert files[path] == plain[path]
    assert json.loads(files["package.json"])["dependencies"] == json.loads(plain["package.json"])["dependencies"]


def test_a_service_called_like_a_word_of_the_language_is_called_all_the_same() -> None:
    keyword = Node(id="stripe", kind=NodeKind.EXTERNAL, name="Import")

    assert "export function importClient(" in backend(keyword, edges=CALLED)["src/parts/externals/import.ts"]
