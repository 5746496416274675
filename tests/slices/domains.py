"""What the tables of tests have of domains."""

from typing import Final

from tests.slice import EDIT, Create, Entry, Slice, told

SLICE: Final = Slice(
    entries={
        "Mutation.addDomain": Entry(
            "mutation($deployment: ID!) {"
            ' addDomain(input: {deploymentId: $deployment, name: "api.example.com"}) { userErrors { code } } }',
            EDIT,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.checkDomain": Entry(
            "mutation($domain: ID!) { checkDomain(input: {domainId: $domain}) { userErrors { code } } }",
            EDIT,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.removeDomain": Entry(
            "mutation($domain: ID!) { removeDomain(input: {domainId: $domain}) { userErrors { code } } }",
            EDIT,
            told("BAD_USER_INPUT"),
        ),
    },
    creates={
        "addDomain": Create(
            "domain",
            {"deploymentId": "{elsewhere}", "name": "api.example.com"},
            {"name": "www.example.com"},
        ),
    },
    makes_nothing=("checkDomain", "removeDomain"),
    shown={
        "resolvers/test_domains.py::test_a_domain_is_added_looked_at_and_removed": (
            "AddDomainInput.deploymentId",
            "AddDomainInput.name",
            "CheckDomainInput.domainId",
            "RemoveDomainInput.domainId",
        ),
    },
)
