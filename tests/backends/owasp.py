"""The ten risks of the OWASP API Security Top 10 (2023), each tried on the backend that has every feature.

https://owasp.org/API-Security/editions/2023/en/0x11-t10/. Alice and Bob are users, and so
is an admin; each attack notes what it finds wrong.
"""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx
import jwt

from services.core.frozen import frozen
from tests.backends.callers import PASSWORD, SECRET, admin_of, client, token_of
from tests.backends.subjects import Subject

JSON: Final = {"Content-Type": "application/json"}


@frozen
class World:
    """Who takes part, each with a client of their own."""

    nobody: httpx.AsyncClient
    alice: httpx.AsyncClient
    bob: httpx.AsyncClient
    admin: httpx.AsyncClient
    url: str
    faults: list[str]

    def expect(self, what: str, answer: httpx.Response, *statuses: int) -> httpx.Response:
        """Note a fault where an answer has another status, or is of the kind that no request may cause."""
        if answer.status_code not in statuses:
            self.faults.append(f"{what}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def made(self, who: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
        """Create what an attack is on."""
        return self.expect(f"POST {path}", await who.post(path, json=body), 201).json()


@asynccontextmanager
async def world(subject: Subject, url: str, environment: Mapping[str, str]) -> AsyncGenerator[World]:
    """Let three people sign up."""
    tokens = [
        None,
        await token_of(subject, url, "alice"),
        await token_of(subject, url, "bob"),
        await admin_of(subject, url, environment),
    ]
    async with AsyncExitStack() as stack:
        nobody, alice, bob, admin = [await stack.enter_async_context(client(url, token)) for token in tokens]
        yield World(nobody, alice, bob, admin, url, [])


async def broken_object_level_authorization(world: World) -> None:
    """Bob reads, changes and deletes what is Alice's, by its id, in lists, through children and references."""
    order = await world.made(world.alice, "/orders", note="Alice's")
    path = f"/orders/{order['id']}"
    for method in ("GET", "DELETE"):
        world.expect(f"{method} of another's order", await world.bob.request(method, path), 404)
    world.expect("PATCH of another's order", await world.bob.patch(path, json={"note": "mine"}), 404)
    world.expect("PUT of another's order", await world.bob.put(path, json={"note": "mine"}), 404)
    world.expect("items of another's order", await world.bob.get(f"{path}/order_items"), 404)
    listed = (await world.bob.get("/orders")).json()["items"]
    if listed:
        world.faults.append(f"a list shows another's orders: {listed}")
    await world.made(world.admin, "/books", isbn="9780000000001", title="A", price="1.00")
    item = {"orderId": order["id"], "isbn": "9780000000001"}
    world.expect("an item in another's order", await world.bob.post("/order_items", json=item), 400, 403)
    unchanged = (await world.alice.get(path)).json()
    if unchanged != order:
        world.faults.append(f"another's order has changed: {unchanged}")


async def broken_authentication(world: World) -> None:
    """Tokens that are none, guesses of passwords, and what tells whether somebody has an account."""
    now = int(time.time())
    claims = {"sub": "somebody", "exp": now + 600}
    tokens = {
        "unsigned": _unsigned(claims),
        "expired": jwt.encode({**claims, "exp": now - 600}, SECRET),
        "without an end": jwt.encode({"sub": "somebody"}, SECRET),
        "without a subject": jwt.encode({"exp": now + 600}, SECRET),
        "empty": jwt.encode({}, SECRET),
        "of another secret": jwt.encode(claims, SECRET[::-1]),
        "of nobody with an account": jwt.encode(claims, SECRET),
        "nonsense": "a.b.c",
        "long": "x" * 20_000,
    }
    for name, token in tokens.items():
        async with client(world.url, token) as stranger:
            try:
                answer = await stranger.get("/orders")
            except httpx.RemoteProtocolError:
                continue
            world.expect(f"a token that is {name}", answer, 401, 431)
    known = await _sign_in(world, "alice@example.com", "wrong horse battery staple")
    unknown = await _sign_in(world, "nobody@example.com", "wrong horse battery staple")
    if (known.status_code, _without_id(known)) != (unknown.status_code, _without_id(unknown)):
        world.faults.append(f"sign-in tells who has an account: {known.text} {unknown.text}")
    guesses = [await _sign_in(world, "bob@example.com", f"guess number {number}") for number in range(15)]
    if guesses[-1].status_code != 429 or "retry-after" not in guesses[-1].headers:
        world.faults.append(f"the fifteenth guess of a password is answered {guesses[-1].status_code}")
    resets = [
        await world.nobody.post("/auth/password-reset", json={"email": f"{name}@example.com"})
        for name in ("alice", "nobody-at-all")
    ]
    if _without_id(resets[0]) != _without_id(resets[1]) or resets[0].status_code != resets[1].status_code:
        world.faults.append(f"a reset tells who has an account: {[reset.text for reset in resets]}")


async def broken_object_property_level_authorization(world: World) -> None:
    """Members that are not the client's to set, and secrets in answers."""
    fields = {"email": "eve@example.com", "password": PASSWORD, "name": "Eve", "role": "admin"}
    world.expect("a sign-up as admin", await world.nobody.post("/auth/sign-up", json=fields), 400)
    me = (await world.bob.get("/auth/user")).json()
    path = f"/users/{me['id']}"
    world.expect("a user who makes themselves an admin", await world.bob.patch(path, json={"role": "admin"}), 400)
    world.expect("the same by PUT", await world.bob.put(path, json={**me, "role": "admin"}), 400)
    for body in ({"status": "paid", "total": "0.01"}, {"customerId": "somebody"}, {"_version": 7}, {"id": "mine"}):
        world.expect(f"an order with {body}", await world.bob.post("/orders", json=body), 400)
    profile = await world.made(world.bob, "/profiles", bio="Me", apiKey="sk-very-secret")
    answers = [
        json.dumps(profile),
        (await world.bob.get(f"/profiles/{profile['id']}")).text,
        (await world.nobody.get("/profiles")).text,
        (await world.admin.get("/users")).text,
        (await world.bob.get(path)).text,
    ]
    for text in answers:
        if any(secret in text for secret in ("sk-very-secret", "apiKey", "password", PASSWORD, "scrypt")):
            world.faults.append(f"a secret is answered: {text[:200]}")


async def unrestricted_resource_consumption(world: World) -> None:
    """Bodies, pages, depths and lists that are too large, and more requests than anybody needs."""
    world.expect("a large body", await world.bob.post("/orders", json={"note": "x" * 2_000_000}), 413)
    deep = "[" * 5_000 + "]" * 5_000
    nested = await world.bob.post("/orders", content=f'{{"note": {deep}}}', headers=JSON)
    world.expect("a deep body", nested, 400)
    world.expect("a large page", await world.bob.get("/orders?limit=100000"), 400)
    world.expect("a long query", await world.bob.get("/orders?cursor=" + "x" * 12_000), 400, 414, 431)
    world.expect("a long path", await world.bob.get("/orders/" + "x" * 12_000), 404, 414, 431)


async def broken_function_level_authorization(world: World) -> None:
    """What only admins do, done by users; and methods that do not exist."""
    book = {"isbn": "9780000000002", "title": "B", "price": "1.00"}
    world.expect("a book by a user", await world.bob.post("/books", json=book), 403)
    world.expect("a book by nobody", await world.nobody.post("/books", json=book), 401)
    world.expect("a list of users by nobody", await world.nobody.get("/users"), 401)
    world.expect("the table without a policy", await world.admin.get("/audit_entries"), 403)
    listed = (await world.bob.get("/users")).json()["items"]
    if [user["email"] for user in listed] != ["bob@example.com"]:
        world.faults.append(f"a user lists {listed}")
    for method in ("TRACE", "PURGE", "DELETE", "PATCH"):
        world.expect(f"{method} of a collection", await world.admin.request(method, "/orders"), 404, 405, 501)
    override = {"X-HTTP-Method-Override": "DELETE"}
    order = await world.made(world.alice, "/orders", note="kept")
    await world.alice.post(f"/orders/{order['id']}", headers=override)
    world.expect("an overridden method", await world.alice.get(f"/orders/{order['id']}"), 200)


async def unrestricted_access_to_sensitive_business_flows(world: World) -> None:
    """Orders at a price of one's own, twice what was meant once, and memberships that nobody gave."""
    order = await world.made(world.bob, "/orders", note="once")
    if (order["status"], order["total"]) != ("open", "0.00"):
        world.faults.append(f"a new order is {order}")
    keys = {"Idempotency-Key": "one-order"}
    twice = [await world.bob.post("/orders", json={"note": "once"}, headers=keys) for _ in range(2)]
    if len({answer.json().get("id") for answer in twice}) != 1:
        world.faults.append("an Idempotency-Key makes two orders")
    team = await world.made(world.alice, "/teams", name="Alice's team")
    me = (await world.bob.get("/auth/user")).json()["id"]
    joining = {"teamId": team["id"], "userId": me, "role": "owner"}
    world.expect("a membership that nobody gave", await world.bob.post("/memberships", json=joining), 400, 403)


async def server_side_request_forgery(world: World) -> None:
    """A URL is kept, never fetched."""
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    me = (await world.bob.get("/auth/user")).json()["id"]
    body = {"website": f"http://127.0.0.1:{port}/latest/meta-data"}
    world.expect("a website", await world.bob.patch(f"/users/{me}", json=body), 200)
    world.expect("a website of a file", await world.bob.patch(f"/users/{me}", json={"website": "file:///etc"}), 400)
    await world.bob.get(f"/users/{me}")
    server.close()
    if seen:
        world.faults.append(f"a URL in a record is fetched: {seen}")


async def security_misconfiguration(world: World) -> None:
    """Headers, origins, stacks, and what a server says of itself."""
    answer = await world.nobody.get("/books", headers={"Origin": "https://evil.example"})
    expected = {"x-content-type-options": "nosniff", "strict-transport-security": None, "content-security-policy": None}
    for name, value in expected.items():
        if name not in answer.headers or value not in {None, answer.headers[name]}:
            world.faults.append(f"{name} is {answer.headers.get(name)}")
    for name in ("x-powered-by", "server", "access-control-allow-origin"):
        if name in answer.headers:
            world.faults.append(f"{name}: {answer.headers[name]}")
    for content in (b'{"a":', b"\xff\xfe", b'"text"', b"[]", b'{"note": "\\ud800"}', b'{"note": "\\u0000"}'):
        broken = await world.bob.post("/orders", content=content, headers=JSON)
        world.expect(f"a body of {content!r}", broken, 400)
        if "node_modules" in broken.text or ".ts:" in broken.text or ".js:" in broken.text:
            world.faults.append(f"an error shows where: {broken.text[:200]}")
    for path in ("/.env", "/package.json", "/../package.json", "/dist/server.js", "/orders/..%2f..%2fpackage.json"):
        world.expect(path, await world.nobody.get(path), 401, 404)


async def improper_inventory_management(world: World) -> None:
    """Everything that answers is in the document, and the document is of this version."""
    document = world.expect("the document", await world.nobody.get("/openapi.json"), 200).json()
    for path in ("/users", "/orders", "/orders/{id}", "/books", "/teams", "/auth/sign-in", "/graphql"):
        if path not in document["paths"]:
            world.faults.append(f"{path} is not in the document")
    for path in ("/v1/orders", "/api/orders", "/admin", "/debug", "/metrics", "/graphiql", "/swagger", "/_system"):
        world.expect(path, await world.nobody.get(path), 401, 404)


async def unsafe_consumption_of_apis(world: World) -> None:
    """What a client sends on as another service's word is not believed."""
    headers = {"X-Forwarded-For": "127.0.0.1", "X-User-Id": "admin", "X-Forwarded-User": "admin", "X-Roles": "admin"}
    world.expect("headers of a proxy", await world.nobody.get("/users", headers=headers), 401)
    answer = await world.nobody.get("/books", headers={"X-Request-Id": "x" * 5_000 + "<script>"})
    if "<script>" in answer.headers.get("x-request-id", ""):
        world.faults.append("a request id is given back as it is")


RISKS: Final[tuple[Callable[[World], Awaitable[None]], ...]] = (
    broken_object_level_authorization,
    broken_authentication,
    broken_object_property_level_authorization,
    unrestricted_resource_consumption,
    broken_function_level_authorization,
    unrestricted_access_to_sensitive_business_flows,
    server_side_request_forgery,
    security_misconfiguration,
    improper_inventory_management,
    unsafe_consumption_of_apis,
)


async def attack(subject: Subject, url: str, environment: Mapping[str, str]) -> list[str]:
    """Try all ten and return what is wrong."""
    async with world(subject, url, environment) as people:
        for risk in RISKS:
            try:
                await risk(people)
            except (KeyError, ValueError, TypeError) as error:
                people.faults.append(f"{risk.__name__} ended early: {error!r}")
        return people.faults


async def _sign_in(world: World, email: str, password: str) -> httpx.Response:
    return await world.nobody.post("/auth/sign-in", json={"email": email, "password": password})


def _without_id(answer: httpx.Response) -> Any:
    body = answer.json()
    return {**body, "error": {**body["error"], "requestId": None}} if "error" in body else body


def _unsigned(claims: Mapping[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."
