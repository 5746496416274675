"""What a backend has for GraphQL: its schema, the names that its resolvers go by, and its settings."""

from collections.abc import Iterable, Mapping, Sequence

from services.designs.schema import Api, SchemaModel
from services.scaffold.graphql.accounts import account_parts, reserved
from services.scaffold.graphql.names import LinkNames, Names, name_tables
from services.scaffold.graphql.sdl import sdl
from services.scaffold.literals import quoted
from services.scaffold.plan import TablePlan
from services.scaffold.template import fill, read

PACKAGES = frozenset({"dataloader", "graphql", "graphql-http"})
_FILES = (
    "src/graphql/context.ts",
    "src/graphql/errors.ts",
    "src/graphql/limits.ts",
    "src/graphql/recordResolvers.ts",
    "src/graphql/route.ts",
    "src/graphql/scalars.ts",
)


def graphql_files(schema: SchemaModel, tables: Sequence[TablePlan]) -> dict[str, str]:
    """Write the files that only a backend with GraphQL has."""
    if schema.api is Api.REST:
        return {}
    names = name_tables(tables, reserved=reserved(schema))
    return {
        "schema.graphql": sdl(names, account_parts(schema, names)),
        "src/graphql/names.ts": fill("src/graphql/names.ts", tables="\n".join(map(_names, names))),
        "src/graphql/schema.ts": fill("src/graphql/schema.ts", **_accounts(schema)),
        **{path: read(path) for path in _FILES},
        **_account_resolvers(schema),
    }


def _accounts(schema: SchemaModel) -> dict[str, str]:
    """Write how the schema gets the resolvers of accounts, where there are any."""
    if schema.accounts is None:
        return {"imports": "", "resolvers": ""}
    return {
        "imports": "import { accountResolvers } from './accountResolvers.js';\n",
        "resolvers": "  const { queries, mutations } = accountResolvers(services);\n"
        "  resolve(schema, 'Query', queries);\n  resolve(schema, 'Mutation', mutations);\n",
    }


def _account_resolvers(schema: SchemaModel) -> dict[str, str]:
    if schema.accounts is None:
        return {}
    path = "src/graphql/accountResolvers.ts"
    sign_up = (
        "      signUp: act(({ input }, { access, request }) =>\n"
        "        authentication.signUp(access, asBody(input), senderOf(request)),\n      ),\n"
    )
    return {path: fill(path, signUp=sign_up if schema.accounts.sign_up else "")}


def _names(names: Names) -> str:
    members = {
        "type": quoted(names.type),
        "one": quoted(names.one),
        "many": quoted(names.many),
        "lookups": _object({query: _array(fields) for query, fields in names.lookups.items()}),
        "references": _object({member: quoted(one.field) for member, one in names.references.items()}),
        "children": _object({member: quoted(child.path) for member, child in names.children.items()}),
        "links": _object({member: _link(link) for member, link in names.links.items()}),
    }
    lines = "".join(f"    {name}: {value},\n" for name, value in members.items())
    return f"  {names.plan.name}: {{\n{lines}  }},"


def _link(link: LinkNames) -> str:
    changes = {"add": link.add, "remove": link.remove}
    named = {name: quoted(mutation) for name, mutation in changes.items() if mutation is not None}
    return _object({"path": quoted(link.side.path), **named})


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def _object(members: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{name}: {value}' for name, value in members.items())} }}" if members else "{}"
