
test('what becomes of a row of {{table}} is told', async () => {
  const record = await new{{type}}();
  await told();

  const message = await waiting({{variable}}Queue.name, ({ data }) => (data as Row).{{key}} === record.{{key}});

  assert.equal(message?.type, '{{table}}.created');
  assert.deepEqual(Object.keys(tables.{{table}}!.secrecy).filter((field) => field in (message?.data as Row)), []);
});
