"""What a backend gets whose users sign up and sign in at the backend itself."""

from collections.abc import Iterator, Sequence

from services.designs.schema import Accounts, FieldType, SchemaModel, Table
from services.scaffold.identifiers import address_of, identifiers
from services.scaffold.literals import literal, quoted
from services.scaffold.names import words_of
from services.scaffold.openapi.schemas import created, is_required
from services.scaffold.plan import TablePlan
from services.scaffold.roles import ADMIN
from services.scaffold.template import fill, read

PACKAGES = frozenset({"nodemailer", "@types/nodemailer"})
"""Packages that only a backend with accounts needs."""

_FILES = (
    "src/account.ts",
    "src/role.ts",
    "src/routes/auth.ts",
    "src/services/accounts.ts",
    "src/services/attempts.ts",
    "src/services/authentication.ts",
    "src/services/issuer.ts",
    "src/services/mailer.ts",
    "src/services/resets.ts",
    "src/services/roles.ts",
    "src/services/sessions.ts",
    "src/validation/authBodies.ts",
)
_DISABLED = frozenset({"disabled", "blocked", "suspended", "banned", "deactivated", "locked"})
_ENABLED = frozenset({"enabled", "active"})


def account_files(schema: SchemaModel) -> dict[str, str]:
    """Write how it is found who sends a request, and with accounts, how people get and keep one."""
    if schema.accounts is None:
        return {path: read(path) for path in ("src/services/callers.ts", "src/token.ts")}
    return {"src/services/callers.ts": read("src/services/callers.accounts.ts")} | {path: read(path) for path in _FILES}


def config_parts(schema: SchemaModel) -> dict[str, str]:
    """Write what the settings of a backend have more, or less, where it has accounts."""
    if schema.accounts is None:
        return {"mailTypes": "", "mailSettings": "", "keysUrl": "url()", "orKeys": " or JWKS_URL"}
    return {
        "mailTypes": read("src/config.mailTypes.ts"),
        "mailSettings": read("src/config.mailSettings.ts"),
        "orKeys": "",
        "keysUrl": "text.forbidden().messages({ '*': '{#label} must not be set: this server issues its own tokens.' })",
    }


def readme_parts(schema: SchemaModel, tables: Sequence[TablePlan]) -> dict[str, str]:
    """Write what the README says of accounts, or of tokens that come from elsewhere."""
    if schema.accounts is None:
        return {
            "accounts": "",
            "tokens": read("README.tokensOfOthers.md").rstrip(),
            "keys": "`JWT_SECRET` or `JWKS_URL`",
            "trialToken": read("README.tokens.md"),
            "command": "`token`",
        }
    accounts = schema.accounts
    table = next(table for table in tables if table.name == accounts.table)
    named = ", ".join(f"`{name}`" for name in identifiers(table.fields, accounts))
    change = f"| `PATCH /auth/user` (token) | `current`, {named} | 200 and the record; all other sessions end |\n"
    text = fill(
        "README.accounts.md",
        table=accounts.table,
        login=accounts.login,
        change=change if named else "",
        whoSignsUp="sign up and sign in" if accounts.sign_up else "sign in",
        signUp=fill("README.signUp.md", table=accounts.table) if accounts.sign_up else "",
        noSignUp="" if accounts.sign_up else fill("README.noSignUp.md", table=accounts.table),
        firstRole=_first_role(table, accounts),
        account=_account_command(table, accounts),
        resets="" if address_of(table.fields, accounts) is None else fill("README.resets.md", login=accounts.login),
    )
    role = f", and the role is what `{accounts.table}.{accounts.role}` says" if accounts.role is not None else ""
    return {
        "accounts": text,
        "tokens": fill("README.ownTokens.md", role=role).rstrip(),
        "keys": "`JWT_SECRET`",
        "trialToken": "",
        "command": "`account`, `role`",
    }


def _first_role(table: TablePlan, accounts: Accounts) -> str:
    """Write how somebody gets a role while there is nobody who may give it."""
    role = _first_of_roles(table, accounts)
    if role is None:
        return ""
    command = f"`npm run role -- <{accounts.login}> {role}`"
    return f"\nWhile nobody may give roles, an account gets one by {command}."


def _account_command(table: TablePlan, accounts: Accounts) -> str:
    """Write the command that makes an account, with the fields that it needs."""
    role = _first_of_roles(table, accounts)
    set_otherwise = {accounts.login, accounts.password, accounts.role}
    fields = [field.name for field in created(table) if is_required(table, field) and field.name not in set_otherwise]
    written = ", ".join(f'"{name}": …' for name in fields)
    command = [f"npm run account -- <{accounts.login}>", role, f"'{{{written}}}'" if fields else None]
    return " ".join(part for part in command if part is not None)


def _first_of_roles(table: TablePlan, accounts: Accounts) -> str | None:
    """Return the role of who gives the others theirs, as far as that is known; None where there are no roles."""
    if accounts.role is None:
        return None
    rules = table.field(accounts.role).rules
    roles = rules.values if rules is not None and rules.values else (ADMIN,)
    return ADMIN if ADMIN in roles else "<role>"


def example_settings(schema: SchemaModel) -> dict[str, str]:
    """Write the settings of `.env.example` that accounts need, or tokens of an issuer."""
    if schema.accounts is None:
        return {"accounts": "", "issuer": read("env.issuer.example"), "orKeys": " or JWKS_URL"}
    return {"accounts": read("env.accounts.example"), "issuer": "", "orKeys": ""}


def written_accounts(schema: SchemaModel, accounts: Accounts) -> str:
    """Write where the accounts are, as the literal that src/models/identity.ts has."""
    table = next(table for table in schema.tables if table.name == accounts.table)
    address = address_of(table.fields, accounts)
    members = [
        ("table", quoted(accounts.table)),
        ("login", quoted(accounts.login)),
        ("password", quoted(accounts.password)),
        *([("role", quoted(accounts.role))] if accounts.role is not None else []),
        ("signUp", literal(accounts.sign_up)),
        *([("address", quoted(address))] if address is not None else []),
        ("identifiers", f"[{', '.join(map(quoted, identifiers(table.fields, accounts)))}]"),
        *(("disabled", f"{{ field: {quoted(name)}, equals: {literal(value)} }}") for name, value in _disabled(table)),
    ]
    return "{\n" + "".join(f"  {name}: {value},\n" for name, value in members) + "}"


def _disabled(table: Table) -> Iterator[tuple[str, bool]]:
    """Yield the first field that says by its name that an account can't be used, with its value then."""
    for field in table.fields:
        words = {word.lower() for word in words_of(field.name)} - {"is"}
        if field.type is FieldType.BOOLEAN and len(words) == 1 and words <= _DISABLED | _ENABLED:
            yield field.name, words <= _DISABLED
            return


def identity(schema: SchemaModel, teams: str) -> str:
    """Write where the backend finds who is who, and who belongs to what; `teams` is a literal."""
    about_teams = "/** Where the members of teams are; undefined means that there are no teams. */"
    constants = [f"{about_teams}\nexport const teams: Teams | undefined = {teams};"]
    if schema.accounts is not None:
        accounts = written_accounts(schema, schema.accounts)
        constants.insert(0, f"/** Who signs in here. */\nexport const accounts: Accounts = {accounts};")
    types = "Teams" if schema.accounts is None else "Accounts, Teams"
    return fill("src/models/identity.ts", types=types, constants="\n\n".join(constants))
