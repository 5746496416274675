"""What the settings and the common files of a backend have more where it speaks GraphQL."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.designs.schema import Accounts, Api, SchemaModel
from services.scaffold.graphql.accounts import reserved
from services.scaffold.graphql.names import name_tables
from services.scaffold.plan import TablePlan
from services.scaffold.template import fill, read

KINDS: Final[Mapping[Api, str]] = {
    Api.REST: "A REST API",
    Api.GRAPHQL: "A GraphQL API",
    Api.BOTH: "A REST and GraphQL API",
}


def config_parts(schema: SchemaModel) -> dict[str, str]:
    """Write the settings; where the API is GraphQL alone, REST is one that is off."""
    return {
        "graphqlTypes": _parts(schema, "src/config.{}Types.ts"),
        "graphqlSettings": _parts(schema, "src/config.{}Settings.ts"),
    }


def example(schema: SchemaModel) -> str:
    """Write the settings of `.env.example`."""
    return _parts(schema, "env.{}.example")


def app_parts(schema: SchemaModel) -> dict[str, str]:
    """Write what the server says of itself at `/`."""
    index = {
        Api.REST: "resources",
        Api.GRAPHQL: "graphql: '/graphql', resources: config.restApi === 'on' ? resources : []",
        Api.BOTH: "graphql: '/graphql', resources",
    }
    return {"index": index[schema.api]}


def method_parts(schema: SchemaModel) -> dict[str, str]:
    """Write which media types clients must accept one of."""
    both = "['json', 'application/graphql-response+json']"
    return {"accepted": "'json'" if schema.api is Api.REST else both}


def _about_accounts(accounts: Accounts) -> str:
    return fill("README.graphqlAccounts.md", signUp="`signUp`, " if accounts.sign_up else "")


def documents(schema: SchemaModel) -> str:
    """Name the files beside the code that the server reads."""
    return "openapi.json" if schema.api is Api.REST else "openapi.json schema.graphql"


def readme_parts(schema: SchemaModel, tables: Sequence[TablePlan]) -> dict[str, str]:
    """Write what the README says of GraphQL."""
    kind = KINDS[schema.api]
    if schema.api is Api.REST:
        return {"kind": kind, "restNote": "", "graphql": "", "graphqlCode": ""}
    first = name_tables(tables, reserved=reserved(schema))[0]
    text = fill(
        "README.graphql.md",
        many=first.many,
        created=first.plan.created,
        key=first.plan.key.name,
        accounts="" if schema.accounts is None else _about_accounts(schema.accounts),
    )
    return {
        "kind": kind,
        "restNote": read("README.rest.md") if schema.api is Api.GRAPHQL else "",
        "graphql": f"{text.rstrip()}\n\n",
        "graphqlCode": "| `src/graphql` | what answers the fields of `schema.graphql`, and the bounds of queries |\n",
    }


def _parts(schema: SchemaModel, path: str) -> str:
    parts: Mapping[Api, Sequence[str]] = {Api.REST: (), Api.GRAPHQL: ("graphql", "rest"), Api.BOTH: ("graphql",)}
    return "".join(read(path.format(part)) for part in parts[schema.api])
