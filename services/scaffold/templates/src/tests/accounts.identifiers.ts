  test('what an account is known by changes with its password alone, and ends all other sessions', async () => {
    const { login: name, tokens, user } = await signUp();
    const other = (await signIn(name, PASSWORD)).body;
    const next = newcomer().{{identifier}};
    const change = (body: Row) => backend.send('PATCH', '/auth/user', body, headers(tokens.accessToken));
    const asRecord = await backend.send('PATCH', `{{path}}/${user.{{key}}}`, { {{identifier}}: next }, headers(tokens.accessToken));
    assert.ok([400, 403, 404].includes(asRecord.status));
    assert.equal((await change({ {{identifier}}: next })).status, 400);
    assert.equal((await change({ current: 'not the current one', {{identifier}}: next })).status, 403);
    assert.equal((await get('/auth/user', tokens.accessToken)).body.{{identifier}}, user.{{identifier}});

    const changed = await change({ current: PASSWORD, {{identifier}}: next });

    assert.deepEqual([changed.status, changed.body.{{identifier}}], [200, next]);
    assert.deepEqual([await me(tokens.accessToken), await me(other.accessToken)], [200, 401]);
  });

  test('a change of the record that would change what an account is known by says what does', async () => {
    const { user } = await signUp();
    const open = await startServer({ AUTH: 'off', JWT_SECRET: '' });
    const answer = await open.send('PATCH', `{{path}}/${user.{{key}}}`, { {{identifier}}: user.{{identifier}}, {{password}}: PASSWORD });
    await open.stop();

    assert.equal(answer.status, 400);
    assert.deepEqual(
      answer.body.error.details.map(({ message }: Row) => /is changed by (.*) alone/.exec(message)?.[1]).sort(),
      ['PATCH /auth/user', 'POST /auth/password'],
    );
  });

