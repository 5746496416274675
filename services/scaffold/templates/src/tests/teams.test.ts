import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

{{lookupImports}}import { {{backend}}type Row } from './backend.js';
{{imports}}
import { open } from './open.js';
import { somebody, teamOf, type Person } from './people.js';

async function membershipsOf(team: Row): Promise<Row[]> {
  const answer = await open.send('GET', `{{membershipsPath}}?{{team}}=${team.{{key}}}`);
  return answer.body.items;
}

async function members(team: Row): Promise<unknown[]> {
  return (await membershipsOf(team)).map((membership) => [membership.{{user}}, membership.{{role}}]);
}

async function leave(team: Row, person: Person): Promise<number> {
  const membership = (await membershipsOf(team)).find(({ {{user}} }) => {{user}} === person.id);
  return (await open.send('DELETE', `{{membershipsPath}}/${membership?.{{membershipKey}}}`)).status;
}

describe('a team', () => {
  test('has whoever makes it as its owner', async () => {
    const person = await somebody({{makerRole}});
    const answer = await person.post('{{path}}', {{body}});

    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    assert.deepEqual(await members(answer.body), [[person.id, '{{ownerRole}}']]);
  });

  test('keeps its last owner', async () => {
    const [owner, other] = [await somebody(), await somebody()];
    const team = await teamOf([
      [owner, '{{ownerRole}}'],
      [other, '{{lesserRole}}'],
    ]);
    const membership = (await membershipsOf(team)).find(({ {{role}} }) => {{role}} === '{{ownerRole}}');
    const change = { {{role}}: '{{lesserRole}}' };

    assert.equal(await leave(team, owner), 409);
    assert.equal((await open.send('PATCH', `{{membershipsPath}}/${membership?.{{membershipKey}}}`, change)).status, 409);
    assert.equal(await leave(team, other), 204);
    assert.deepEqual(await members(team), [[owner.id, '{{ownerRole}}']]);
  });

  test('keeps one of two owners who leave at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [first, second] = [await somebody(), await somebody()];
      const team = await teamOf([
        [first, '{{ownerRole}}'],
        [second, '{{ownerRole}}'],
      ]);

      assert.deepEqual((await Promise.all([leave(team, first), leave(team, second)])).sort(), [204, 409]);
      assert.equal((await members(team)).length, 1);
    }
  });
{{lookup}}{{account}}});
