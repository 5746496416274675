/** Who may do what in the backend with every feature of the schema (tests/backends/schemas.py), with literal expectations. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { database, startServer, type Answer, type Server } from './backend.js';

const PASSWORD = 'correct horse battery staple';

interface User {
  readonly id: string;
  readonly token: string;
}

let server: Server;
let alice: User;
let bob: User;
let carol: User;
let admin: User;

before(async () => {
  server = await startServer({});
  [alice, bob, carol, admin] = [await signUp('alice'), await signUp('bob'), await signUp('carol'), await signUp('admin')];
  const environment = { ...process.env, TABLE_PREFIX: database.tableName('') };
  execFileSync('node', ['dist/role.js', 'ADMIN@example.com', 'admin'], { env: environment });
});

after(() => server.stop());

async function signUp(name: string): Promise<User> {
  const answer = await server.send('POST', '/auth/sign-up', { email: `${name}@example.com`, password: PASSWORD, name });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return { id: answer.body.user.id, token: answer.body.accessToken };
}

function as(user: User | undefined, method: string, path: string, body?: unknown): Promise<Answer> {
  return server.send(method, path, body, user ? { Authorization: `Bearer ${user.token}` } : {});
}

async function status(user: User | undefined, method: string, path: string, body?: unknown): Promise<number> {
  return (await as(user, method, path, body)).status;
}

async function created(user: User, path: string, body: unknown): Promise<any> {
  const answer = await as(user, 'POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

test('an account is seen and changed by its user and by admins, and its role by admins', async () => {
  assert.equal(await status(undefined, 'GET', '/users'), 401);
  assert.equal(await status(undefined, 'GET', `/users/${alice.id}`), 401);
  assert.equal(await status(bob, 'GET', `/users/${alice.id}`), 404);
  assert.equal(await status(alice, 'GET', `/users/${alice.id}`), 200);
  assert.equal(await status(admin, 'GET', `/users/${alice.id}`), 200);
  assert.deepEqual((await as(bob, 'GET', '/users')).body.items.map((u: any) => u.id), [bob.id]);
  assert.equal((await as(admin, 'GET', '/users')).body.items.length, 4);
  assert.equal(await status(bob, 'PATCH', `/users/${alice.id}`, { name: 'x' }), 404);
  assert.equal(await status(bob, 'DELETE', `/users/${alice.id}`), 403);
  assert.equal(await status(bob, 'DELETE', `/users/${bob.id}`), 403);
  assert.equal(await status(bob, 'PATCH', `/users/${bob.id}`, { role: 'admin' }), 400);
  assert.equal(await status(admin, 'PATCH', `/users/${bob.id}`, { role: 'user' }), 200);
  assert.equal(await status(bob, 'POST', '/users', { email: 'z@example.com', password: PASSWORD, name: 'z' }), 403);
  assert.equal(await status(bob, 'PATCH', `/users/${bob.id}`, { password: 'another long password' }), 400);
  const put = { ...(await as(bob, 'GET', `/users/${bob.id}`)).body };
  const same = await as(bob, 'PUT', `/users/${bob.id}`, put);
  assert.equal(same.status, 200, JSON.stringify(same.body));
  assert.equal(await status(bob, 'PUT', `/users/${bob.id}`, { ...put, _version: undefined, role: 'admin' }), 400);
  assert.equal((await as(bob, 'POST', '/auth/sign-in', { email: 'BOB@example.com', password: PASSWORD })).status, 200);
});

test('a profile is its maker\'s, which the token says, and its key is in no answer', async () => {
  const p = await created(alice, '/profiles', { bio: 'hi', apiKey: 'sk-12345' });
  assert.equal(p.userId, alice.id);
  assert.ok(!('apiKey' in p));
  assert.equal(await status(bob, 'POST', '/profiles', { userId: alice.id, bio: 'x' }), 400);
  const anon = await as(undefined, 'GET', '/profiles');
  assert.equal(anon.body.items.length, 1);
  assert.ok(!JSON.stringify(anon.body).includes('sk-'));
  assert.equal(await status(bob, 'PATCH', `/profiles/${p.id}`, { bio: 'mine' }), 403);
  assert.equal(await status(undefined, 'PATCH', `/profiles/${p.id}`, { bio: 'mine' }), 401);
  assert.equal(await status(alice, 'PATCH', `/profiles/${p.id}`, { userId: bob.id }), 400);
  assert.equal(await status(alice, 'PATCH', `/profiles/${p.id}`, { apiKey: 'sk-99' }), 200);
  assert.equal(await status(alice, 'POST', '/profiles', { bio: 'second' }), 409);
});

test('a team is its members\', who are let in by its owners, and it keeps an owner', async () => {
  const team = await created(alice, '/teams', { name: 'A team' });
  const other = await created(bob, '/teams', { name: 'B team' });
  assert.equal(await status(bob, 'GET', `/teams/${team.id}`), 404);
  assert.deepEqual((await as(alice, 'GET', '/teams')).body.items.map((t: any) => t.id), [team.id]);
  const [m] = (await as(alice, 'GET', `/teams/${team.id}/memberships`)).body.items;
  assert.equal(m.role, 'owner'); assert.equal(m.userId, alice.id);
  assert.equal(await status(bob, 'POST', '/memberships', { teamId: team.id, userId: bob.id }), 400);
  const nobodys = await as(alice, 'POST', '/memberships', { teamId: team.id, role: 'owner' });
  assert.deepEqual([nobodys.status, nobodys.body.error.details], [400, [{ field: 'userId', message: '"userId" is required' }]]);
  const mb = await created(alice, '/memberships', { teamId: team.id, userId: bob.id, role: 'member' });
  assert.equal(await status(bob, 'PATCH', `/memberships/${mb.id}`, { role: 'owner' }), 403);
  assert.equal(await status(bob, 'GET', `/teams/${team.id}`), 200);
  assert.equal(await status(bob, 'PATCH', `/teams/${team.id}`, { name: 'mine' }), 403);
  // last owner
  assert.equal(await status(alice, 'PATCH', `/memberships/${m.id}`, { role: 'member' }), 409);
  assert.equal(await status(alice, 'DELETE', `/memberships/${m.id}`), 409);
  assert.equal(await status(alice, 'PATCH', `/memberships/${mb.id}`, { role: 'owner' }), 200);
  const both = await Promise.all([status(alice, 'DELETE', `/memberships/${m.id}`), status(bob, 'DELETE', `/memberships/${mb.id}`)]);
  assert.deepEqual(both.sort(), [204, 409]);
  const left = (await as(admin, 'GET', `/users/${alice.id}`)).status;
  assert.equal(left, 200);
  // project in team
  const owner = (await as(alice, 'GET', `/teams/${team.id}`)).status === 200 ? alice : bob;
  const outsider = owner === alice ? bob : alice;
  assert.equal(await status(outsider, 'GET', `/teams/${team.id}`), 404);
  const pr = await created(owner, '/projects', { teamId: team.id, title: 'P', slug: 'p-1' });
  assert.equal(await status(outsider, 'GET', `/projects/${pr.id}`), 404);
  assert.equal(await status(outsider, 'POST', '/projects', { teamId: team.id, title: 'P', slug: 'p-2' }), 400);
  assert.deepEqual((await as(outsider, 'GET', '/projects')).body.items, []);
  assert.deepEqual((await as(outsider, 'GET', `/projects?teamId=${team.id}`)).body.items, []);
  const task = await created(owner, '/tasks', { projectId: pr.id, title: 'T' });
  assert.equal(task.teamId, team.id);
  assert.equal(await status(owner, 'POST', '/tasks', { projectId: pr.id, title: 'T', teamId: other.id }), 400);
  assert.equal(await status(outsider, 'POST', '/tasks', { projectId: pr.id, title: 'T' }), 400);
  assert.equal(await status(outsider, 'GET', `/tasks/${task.id}`), 404);
  // moving a project to another team is impossible, since tasks take theirs from it
  assert.equal(await status(owner, 'PATCH', `/projects/${pr.id}`, { teamId: other.id }), 400);
  assert.equal(await status(owner, 'DELETE', `/teams/${team.id}`), 409);
});

test('a task is assigned within its team, to nobody else', async () => {
  const team = await created(alice, '/teams', { name: 'Assigning' });
  const others = await created(admin, '/teams', { name: 'Others' });
  await created(alice, '/memberships', { teamId: team.id, userId: bob.id, role: 'member' });
  const project = await created(alice, '/projects', { teamId: team.id, title: 'P', slug: 'assigning' });
  const task = await created(bob, '/tasks', { projectId: project.id, title: 'T', assigneeId: alice.id });
  assert.equal(await status(bob, 'GET', `/users/${alice.id}`), 404);
  assert.equal(await status(alice, 'PATCH', `/tasks/${task.id}`, { assigneeId: bob.id }), 200);
  assert.equal(await status(bob, 'PATCH', `/tasks/${task.id}`, { assigneeId: bob.id }), 200);
  for (const id of [carol.id, admin.id, 'nobody']) {
    const refused = await as(alice, 'PATCH', `/tasks/${task.id}`, { assigneeId: id });
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.body.error.details, [{ field: 'assigneeId', message: '"assigneeId" refers to nothing in users' }]);
  }
  assert.equal((await as(alice, 'GET', `/tasks/${task.id}`)).body.assigneeId, bob.id);
  // Who is in somebody else's team does not show.
  const theirs = await created(admin, '/projects', { teamId: others.id, title: 'P', slug: 'of-others' });
  const guesses = await Promise.all([carol.id, admin.id].map((assigneeId) => as(alice, 'POST', '/tasks', { projectId: theirs.id, title: 'T', assigneeId })));
  assert.deepEqual(guesses.map(({ body }) => body.error.details), Array(2).fill(guesses[0]!.body.error.details));
});

test('a label is hung on a task by who may change the task, from either side', async () => {
  const team = await created(alice, '/teams', { name: 'Labelling' });
  const project = await created(alice, '/projects', { teamId: team.id, title: 'P', slug: 'labelling' });
  const task = await created(alice, '/tasks', { projectId: project.id, title: 'T' });
  const label = await created(admin, '/labels', { name: 'urgent' });
  const paths = [`/tasks/${task.id}/labels/${label.id}`, `/labels/${label.id}/tasks/${task.id}`];
  for (const path of paths) {
    assert.equal(await status(undefined, 'PUT', path), 401);
    assert.equal(await status(bob, 'PUT', path), 404);
    assert.equal(await status(admin, 'PUT', path), 404); // who may change the label
    assert.deepEqual((await as(alice, 'GET', `/tasks/${task.id}/labels`)).body.items, []);
    assert.equal(await status(alice, 'PUT', path), 204);
    assert.equal(await status(bob, 'DELETE', path), 404);
    assert.equal((await as(alice, 'GET', `/tasks/${task.id}/labels`)).body.items.length, 1);
    assert.equal(await status(alice, 'DELETE', path), 204);
  }
});

test('a list is of the records of all teams of a member, in pages', async () => {
  const teams: any[] = [];
  for (let i = 0; i < 3; i += 1) teams.push(await created(carol, '/teams', { name: `C${i}` }));
  const made: string[] = [];
  await Promise.all([...Array(21).keys()].map(async (i) => { made.push((await created(carol, '/projects', { teamId: teams[i % 3]!.id, title: 'x', slug: `c-${i}` })).id); }));
  const seen: any[] = [];
  let cursor: string | null = null;
  do {
    const page: Answer = await as(carol, 'GET', `/projects?limit=4${cursor ? `&cursor=${cursor}` : ''}`);
    assert.equal(page.status, 200, JSON.stringify(page.body));
    seen.push(...page.body.items);
    cursor = page.body.nextCursor;
  } while (cursor);
  assert.equal(seen.length, 21);
  assert.deepEqual(new Set(seen.map((p) => p.id)), new Set(made));
  const times = seen.map((p) => p.createdAt);
  assert.deepEqual(times, [...times].sort().reverse());
});

test('somebody in thirty teams lists what all of them have, and nothing of others', async () => {
  const dora = await signUp('dora');
  const mine = new Set<string>();
  for (let i = 0; i < 30; i += 1) {
    const team = await created(dora, '/teams', { name: `D${i}` });
    for (const title of ['x', 'y']) mine.add((await created(dora, '/projects', { teamId: team.id, title, slug: `d-${i}-${title}` })).id);
  }
  const pages: any[][] = [];
  let cursor: string | null = null;
  do {
    const page: Answer = await as(dora, 'GET', `/projects?limit=7&sort=createdAt${cursor ? `&cursor=${cursor}` : ''}`);
    assert.equal(page.status, 200, JSON.stringify(page.body));
    pages.push(page.body.items);
    cursor = page.body.nextCursor;
  } while (cursor !== null && pages.length < 100);
  const seen = pages.flat();
  assert.equal(cursor, null);
  assert.deepEqual(seen.map(({ createdAt }) => createdAt), seen.map(({ createdAt }) => createdAt).sort());
  assert.equal(seen.length, 60);
  assert.deepEqual(new Set(seen.map(({ id }) => id)), mine);
  assert.deepEqual((await as(dora, 'GET', '/projects?count=true&limit=1')).body.total, { value: 60, relation: 'eq' });
  assert.equal((await as(dora, 'GET', '/teams?limit=100')).body.items.length, 30);
});

test('an order is its customer\'s, who sets neither its state nor its total', async () => {
  const o = await created(alice, '/orders', { note: 'n' });
  assert.equal(o.customerId, alice.id); assert.equal(o.status, 'open'); assert.equal(o.total, '0.00');
  const bad = await as(alice, 'POST', '/orders', '{"status":"paid","total":0.01,"customerId":"x","surprise":1}');
  assert.equal(bad.status, 400);
  assert.deepEqual(bad.body.error.details.map((d: any) => d.field).sort(), ['customerId', 'status', 'surprise', 'total']);
  assert.equal(await status(alice, 'PATCH', `/orders/${o.id}`, { status: 'paid' }), 400);
  const got = (await as(alice, 'GET', `/orders/${o.id}`)).body;
  assert.equal(await status(alice, 'PUT', `/orders/${o.id}`, { ...got, note: 'x' }), 200);
  const rest = { ...got, _version: undefined };
  assert.equal(await status(alice, 'PUT', `/orders/${o.id}`, { ...rest, total: '0.01' }), 400);
  assert.equal(await status(bob, 'GET', `/orders/${o.id}`), 404);
  assert.equal(await status(admin, 'GET', `/orders/${o.id}`), 200);
  assert.equal(await status(admin, 'PATCH', `/orders/${o.id}`, { note: 'x' }), 403);
  const isbn = '9781234567897';
  assert.equal(await status(bob, 'POST', '/books', { isbn, title: 'B', price: '19.99' }), 403);
  const book = await as(admin, 'POST', '/books', '{"isbn":"12","title":"B","price":"-19.999","currency":"banana","stock":1234567890123456.78}');
  assert.deepEqual(book.body.error.details.map((d: any) => d.field).sort(), ['currency', 'isbn', 'price', 'stock']);
  await created(admin, '/books', { isbn, title: 'B', price: '19.9' });
  assert.equal((await as(undefined, 'GET', `/books/${isbn}`)).body.price, '19.90');
  assert.equal(await status(bob, 'POST', '/order_items', { orderId: o.id, isbn }), 400);
  const item = await created(alice, '/order_items', { orderId: o.id, isbn });
  assert.equal(item.customerId, alice.id);
  assert.equal(await status(bob, 'GET', `/order_items/${item.id}`), 404);
  assert.deepEqual((await as(bob, 'GET', '/order_items')).body.items, []);
  assert.equal(await status(bob, 'GET', `/orders/${o.id}/order_items`), 404);
});

test('what no grant opens is closed to admins, too', async () => {
  for (const u of [alice, admin]) {
    assert.equal(await status(u, 'GET', '/audit_entries'), 403);
    assert.equal(await status(u, 'GET', '/audit_entries/x'), 403);
    assert.equal(await status(u, 'POST', '/audit_entries', { message: 'x' }), 403);
  }
  assert.equal(await status(undefined, 'GET', '/audit_entries'), 401);
  assert.equal(await status(alice, 'POST', '/labels', { name: 'x' }), 403);
  assert.equal(await status(admin, 'POST', '/labels', { name: 'x' }), 201);
  assert.equal(await status(undefined, 'GET', '/labels'), 200);
});
