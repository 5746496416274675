  test('is looked up once a request for whoever is in it, and again for a change', async () => {
    const [owner, other] = [await somebody(), await somebody()];
    const team = await teamOf([
      [owner, '{{ownerRole}}'],
      [other, '{{ownerRole}}'],
    ]);
    const table = tables[{{table}}]!;
    const record = { {{field}}: team.{{key}} };
    const access = new Access(database, { id: String(owner.id), roles: [], claims: {} }, { isEnforced: true });
    const decide = async (): Promise<void> => {
      await access.scope(table);
      assert.equal(await access.mayRead(table, record), true);
    };
    assert.notEqual(await callsOf(decide), 0);

    assert.equal(await callsOf(decide), 0);

    assert.equal(await leave(team, owner), 204);
    await assert.rejects(access.toDelete(table, record), NotFound);
  });
