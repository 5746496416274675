  test('a forgotten password is set anew by a token that is mailed and good once', async () => {
    const { login: name, tokens, user } = await signUp();
    const asked = await post('/auth/password-reset', { {{login}}: name });
    const unknown = await post('/auth/password-reset', { {{login}}: `un${name}` });
    assert.deepEqual([asked.status, asked.body], [202, unknown.body]);
    const mail = await mails.next();
    assert.ok(mail.includes(user.{{address}}));
    const token = /The token to set one: (\S+)/.exec(mail)![1]!;
    const confirm = (sent: string, next: string) => post('/auth/password-reset/confirm', { token: sent, password: next });
    assert.equal((await confirm(`${token}x`, 'another long password')).body.error.code, 'INVALID_TOKEN');
    assert.equal((await confirm(token, 'short')).status, 400);

    const confirmed = await Promise.all([1, 2, 3].map(() => confirm(token, 'another long password')));

    assert.deepEqual(confirmed.map(({ status }) => status).sort(), [204, 400, 400]);
    assert.equal(await me(tokens.accessToken), 401);
    assert.equal((await signIn(name, 'another long password')).status, 200);
  });

  test('a token for a new password goes to the address of the account, and to no other that looks like it', async () => {
    const [{ login: name, user }, { login: other }] = [await signUp(), await signUp()];
    // A long s and an i without its dot have the capitals of others.
    const lookalike = other.replaceAll('s', '\u017f').replaceAll('i', '\u0131');
    if (lookalike !== other) await post('/auth/password-reset', { {{login}}: lookalike });
    await post('/auth/password-reset', { {{login}}: {{typed}} });

    const mail = await mails.next();

    assert.match(mail, new RegExp(`^To: ${user.{{address}}}$`, 'm'));
  });

  test('a token for a new password is worthless once there is one', async () => {
    const { login: name, tokens } = await signUp();
    await post('/auth/password-reset', { {{login}}: name });
    const token = /The token to set one: (\S+)/.exec(await mails.next())![1]!;
    await post('/auth/password', { current: PASSWORD, password: 'another long password' }, tokens.accessToken);

    const answer = await post('/auth/password-reset/confirm', { token, password: 'yet another password' });

    assert.equal(answer.body.error.code, 'INVALID_TOKEN');
  });

