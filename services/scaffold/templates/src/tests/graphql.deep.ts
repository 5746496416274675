
test('a query that goes too deep is refused', async () => {
  assert.deepEqual(await refused({{query}}), ['QUERY_TOO_LARGE']);
});
