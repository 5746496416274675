"""The files with which the tests put rows into tables, and have people: `samples.ts` and `people.ts`."""

from collections.abc import Iterator
from textwrap import indent

from services.designs.schema import Accounts, Field
from services.scaffold.identifiers import address_of, identifiers
from services.scaffold.own_tests.source import call, imported, literal, members, quoted, test
from services.scaffold.own_tests.values import default
from services.scaffold.own_tests.world import Subject, World, ignores_case, is_number
from services.scaffold.template import fill

DISTINCT = ("day", "moment", "number", "once", "text")


def write_samples(world: World) -> str:
    """Write a function per table that makes a row of it with as little as a row can have."""
    functions = "\n".join(_function(world, subject) for subject in world.subjects.values())
    imports = ["import { seed, type Row } from './backend.js';", *imported(functions, DISTINCT, "./distinct.js")]
    return fill("src/tests/samples.ts", imports="\n".join(imports), functions=functions)


def write_accounts(world: World) -> str | None:
    """Write the tests of how people get and keep an account; None where they have none at the backend itself."""
    accounts = world.schema.accounts
    if accounts is None:
        return None
    subject = world.subjects[accounts.table]
    known_by, address = list(identifiers(subject.fields, accounts)), address_of(subject.fields, accounts)
    identifier = accounts.login if accounts.login in known_by else next(iter(known_by), None)
    secrets = [field for field in subject.sent if field.name in subject.plan.secrecy and not field.nullable]
    fields = dict(_fields(world, subject)) | {field.name: literal(subject.samples(field).value(0)) for field in secrets}
    fields |= {accounts.password: "PASSWORD"}
    fields |= {name: subject.samples(subject.field(name)).running() for name in (identifier, address) if name}
    sent = {field.name for field in subject.sent}
    newcomer = members({name: value for name, value in fields.items() if name in sent})
    return fill(
        "src/tests/accounts.test.ts",
        imports="\n".join(imported(newcomer, DISTINCT, "./distinct.js")),
        newcomer=indent(newcomer, "  ").strip(),
        login=accounts.login,
        password=accounts.password,
        seed="" if accounts.sign_up else "seed, ",
        signUp=_sign_up(accounts, subject),
        noSignUp=_no_sign_up(accounts),
        **_highest_role(subject, accounts),
        path=subject.path,
        table=subject.name,
        key=subject.key,
        identifiers=""
        if identifier is None
        else fill(
            "src/tests/accounts.identifiers.ts",
            identifier=identifier,
            password=accounts.password,
            path=subject.path,
            key=subject.key,
        ),
        resets="" if address is None else _resets(subject, accounts, address),
    )


def _resets(subject: Subject, accounts: Accounts, address: str) -> str:
    """Write the tests of forgotten passwords, of whoever types their login as far as it need not be the same."""
    typed = "name.toUpperCase()" if ignores_case(subject.field(accounts.login)) else "name"
    return fill("src/tests/accounts.resets.ts", login=accounts.login, address=address, typed=typed)


def _sign_up(accounts: Accounts, subject: Subject) -> str:
    """Write the beginning of how tests get an account: by signing up, or as whoever runs the server makes one."""
    if accounts.sign_up:
        begin, status = "  const answer = await post('/auth/sign-up', body);\n", 201
    else:
        begin, status = (
            (
                f"  await seed({quoted(subject.name)}, body);\n"
                f"  const answer = await signIn(body.{accounts.login} as string, PASSWORD);\n"
            ),
            200,
        )
    return (
        "async function signUp(): Promise<Person> {\n"
        "  const body = newcomer();\n"
        f"{begin}  assert.equal(answer.status, {status}, JSON.stringify(answer.body));\n"
    )


def _highest_role(subject: Subject, accounts: Accounts) -> dict[str, str]:
    """Write the last of the roles as an argument, and that somebody has it; nothing where there are none."""
    if accounts.role is None:
        return {"role": "", "hasRole": ""}
    rules = subject.field(accounts.role).rules
    role = quoted(rules.values[-1] if rules is not None and rules.values else "admin")
    return {"role": f"{role}, ", "hasRole": f"    assert.equal(answer.body.user.{accounts.role}, {role});\n"}


def _no_sign_up(accounts: Accounts) -> str:
    """Write the test of who can't sign up."""
    if not accounts.sign_up:
        refused = "assert.equal((await post('/auth/sign-up', newcomer())).status, 403);"
        return f"{test('nobody makes an account of their own', refused)}\n"
    login, password, role = accounts.login, accounts.password, accounts.role
    lines = [
        "const { login: name } = await signUp();",
        f"assert.equal((await post('/auth/sign-up', {{ ...newcomer(), {login}: name }})).status, 409);",
        f"assert.equal((await post('/auth/sign-up', {{ ...newcomer(), {password}: 'short' }})).status, 400);",
    ]
    if role is not None:
        lines += [
            f"const answer = await post('/auth/sign-up', {{ ...newcomer(), {role}: 'admin' }});",
            "assert.equal(answer.status, 400);",
            f"assert.deepEqual(answer.body.error.details.map((detail: Row) => detail.field), ['{role}']);",
        ]
    sentence = "nobody signs up with a login that is taken, with a weak password, or as somebody with rights"
    return f"{test(sentence, chr(10).join(lines))}\n"


def _function(world: World, subject: Subject) -> str:
    kind = subject.plan.names.type
    fields = dict(_fields(world, subject))
    fields["...fields"] = "...fields"
    statement = f"return {call('seed', quoted(subject.name), members(fields))};"
    return (
        f"export async function new{kind}(fields: Row = {{}}): Promise<Row> {{\n"
        f"{indent(statement, '  ')}\n}}\n\n"
        f"export const any{kind} = once(new{kind});\n"
    )


def _fields(world: World, subject: Subject) -> Iterator[tuple[str, str]]:
    for field in subject.fields:
        if field.name in subject.plan.secrecy or (field.name == subject.key and subject.plan.generates_keys):
            continue
        if field.name in subject.by_field:
            if not field.nullable:
                yield field.name, f"fields.{field.name} ?? {parent_key(world, subject, field)}"
        elif field.name in subject.unique - subject.few:
            yield field.name, subject.samples(field).running()
        elif field.name == subject.role:
            yield field.name, literal(subject.initial(field.name))
        elif field.default_value is not None:
            yield field.name, default(subject.samples(field))
        elif not field.nullable:
            yield field.name, literal(subject.samples(field).value(0))


def parent_key(world: World, subject: Subject, field: Field) -> str:
    """Write the key of a row that a field can refer to: of one of its own, where it must be."""
    reference = subject.by_field[field.name]
    kind = world.subjects[reference.table].plan.names.type
    made = f"new{kind}" if field.name in subject.unique else f"any{kind}"
    return f"(await {made}()).{reference.key}"


def write_people(world: World) -> str:
    """Write who the people of the tests are: rows of the table of users, or somebody else's users with a token."""
    people = world.people
    key = "number" if people is not None and is_number(people.plan.key) else "string"
    made = dict.fromkeys(_made_by_people(world, people))
    imports = [
        "import { SignJWT } from 'jose';\n",
        "import { SECRET, send, type Answer, type Row } from './backend.js';",
    ]
    if world.schema.accounts is not None:
        imports[0] += "\nimport { Sessions } from '../services/sessions.js';"
        imports[1] = imports[1].replace("{ SECRET", "{ SECRET, database")
    if people is None:
        imports.insert(0, "import { randomUUID } from 'node:crypto';\n")
    if made:
        imports.append(f"import {{ {', '.join(sorted(made))} }} from './samples.js';")
    return fill(
        "src/tests/people.ts",
        imports="\n".join(imports),
        key=key,
        none="0" if key == "number" else "''",
        somebody=_somebody(world, people) + _team_of(world),
    )


def _made_by_people(world: World, people: Subject | None) -> Iterator[str]:
    if people is not None:
        yield f"new{people.plan.names.type}"
    if (teams := world.schema.teams) is not None:
        yield from (f"new{world.subjects[name].plan.names.type}" for name in (teams.table, teams.memberships))


def _team_of(world: World) -> str:
    teams = world.schema.teams
    if teams is None:
        return ""
    table, memberships = world.subjects[teams.table], world.subjects[teams.memberships]
    fields = {teams.team: f"team.{table.key}", teams.user: "person.id"}
    role = f", ...(role === undefined ? {{}} : {{ {_called(teams.role, 'role')} }})" if teams.role else ""
    return (
        "\n\ntype Member = readonly [Person, string?];\n"
        "\n/** A team with these people in it, each with their role. */\n"
        "export async function teamOf(people: readonly Member[], fields: Row = {}): Promise<Row> {\n"
        f"  const team = await new{table.plan.names.type}(fields);\n"
        f"  for (const [person{', role' if teams.role else ''}] of people) {{\n"
        f"    await new{memberships.plan.names.type}({members(fields)[:-2]}{role} }});\n"
        "  }\n"
        "  return team;\n"
        "}"
    )


def _called(name: str, value: str) -> str:
    return name if name == value else f"{name}: {value}"


def _somebody(world: World, people: Subject | None) -> str:
    role = world.role_field
    if people is None:
        made, key, row = "const id = randomUUID();", "id", "{}"
    else:
        given = f"role === undefined ? {{}} : {{ {_called(role, 'role')} }}" if role is not None else ""
        made, key, row = f"const row = await new{people.plan.names.type}({given});", f"row.{people.key}", "row"
    if world.schema.accounts is not None and people is not None:
        session = f"new Sessions(database).start({key}, row.{people.plan.created}, 'tests')"
        made += f"\n  const {{ id: sid }} = await {session};"
        claims = f"{{ sub: String({key}), sid }}"
    else:
        claims = f"{{ sub: String({key}), roles: role === undefined ? [] : [role] }}"
    return (
        "/** Somebody who is signed in, and has a role where one is given. */\n"
        "export async function somebody(role?: string): Promise<Person> {\n"
        f"  {made}\n"
        f"  const claims = {claims};\n"
        f"  return new Person({key}, bearer(await signed(claims)), {row});\n"
        "}"
    )
