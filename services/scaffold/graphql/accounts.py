"""What the GraphQL schema of a backend has where its users sign up and sign in at the backend itself."""

from collections.abc import Sequence
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Accounts, SchemaModel
from services.scaffold.graphql.names import Names
from services.scaffold.identifiers import address_of, identifiers

_RESERVED = frozenset(
    {"Tokens", "Welcome", "currentUser", "signUp", "signIn", "refresh", "signOut", "signOutEverywhere"}
    | {"changeCurrentUser", "changePassword", "requestPasswordReset", "resetPassword"}
)
"""Types, queries and mutations that no table has."""


def reserved(schema: SchemaModel) -> frozenset[str]:
    """Return the names that tables do not get."""
    return _RESERVED if schema.accounts is not None else frozenset()


@frozen
class AccountParts:
    """Parts of the schema; each is empty where there are no accounts."""

    types: str = ""
    queries: str = ""
    mutations: str = ""


def account_parts(schema: SchemaModel, tables: Sequence[Names]) -> AccountParts:
    """Write what accounts add to the schema."""
    accounts = schema.accounts
    if accounts is None:
        return AccountParts()
    users = next(names for names in tables if names.plan.name == accounts.table)
    queries = f'  "Who is signed in."\n  currentUser: {users.type}\n'
    return AccountParts(_types(users.type), queries, _mutations(accounts, users))


def _types(user: str) -> str:
    return f"""
"What a session has: `accessToken` is for `Authorization: Bearer`, good for so many seconds; then `refresh`."
type Tokens {{
  accessToken: String!
  expiresIn: Int!
  refreshToken: String!
}}

"A session that has begun."
type Welcome {{
  accessToken: String!
  expiresIn: Int!
  refreshToken: String!
  user: {user}!
}}
"""


def _mutations(accounts: Accounts, users: Names) -> str:
    user, fields = users.type, users.plan.fields
    sign_up = (
        f'  "Make an account, and sign in."\n  signUp(input: {user}Create!): Welcome!\n' if accounts.sign_up else ""
    )
    known_by = "".join(f", {name}: String" for name in identifiers(fields, accounts))
    change = (
        f'  "Every other session ends."\n  changeCurrentUser(current: String!{known_by}): {user}!\n' if known_by else ""
    )
    resets = _RESETS if address_of(fields, accounts) is not None else ""
    return f"""{sign_up}  "Sign in; `login` is the user's `{accounts.login}`."
  signIn(login: String!, password: String!): Welcome!
  "Get new tokens; the refresh token is good once."
  refresh(refreshToken: String!): Tokens!
  "End the session of this request's token."
  signOut: Boolean!
  "End all sessions."
  signOutEverywhere: Boolean!
  "Every other session ends."
  changePassword(current: String!, password: String!): Boolean!
{change}{resets}"""


_RESETS: Final = """  "Send a mail with a token, if there is such an account."
  requestPasswordReset(login: String!): Boolean!
  "Set a new password by the token of a mail."
  resetPassword(token: String!, password: String!): Boolean!
"""
