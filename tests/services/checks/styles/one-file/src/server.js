const express = require('express');
const jwt = require('jsonwebtoken');
const { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand, DeleteCommand } = require('@aws-sdk/lib-dynamodb');
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const bcrypt = require('bcryptjs');

const SECRET = process.env.JWT_SECRET;
if (!SECRET) { console.error('JWT_SECRET must be set'); process.exit(1); }
const ddb = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const app = express();
app.use(express.json({ limit: '256kb' }));

const verifyOptions = { algorithms: ['HS256'] };

function requireAuth(req, res, next) {
  const token = (req.headers.authorization || '').replace('Bearer ', '');
  jwt.verify(token, SECRET, verifyOptions, (err, claims) => {
    if (err || !claims.sub || !claims.exp) return res.status(401).json({ message: 'Unauthorized' });
    req.user = claims;
    next();
  });
}

const signedIn = [requireAuth];

const isAdmin = (req) => (req.user.roles || []).includes('admin');

function adminOnly(req, res, next) {
  if (!isAdmin(req)) return res.status(403).json({ message: 'Forbidden' });
  next();
}

const withoutPassword = (user) => { const copy = { ...user }; delete copy.password; return copy; };

app.get('/health', (req, res) => res.json({ status: 'ok' }));
app.get('/api/users', requireAuth, adminOnly, async (req, res) => {
  const result = await ddb.send(new ScanCommand({ TableName: 'users' }));
  res.json({ items: result.Items.map(withoutPassword) });
});
app.get('/api/users/:id', ...signedIn, async (req, res) => {
  if (req.params.id !== req.user.sub && !isAdmin(req)) return res.status(404).json({ message: 'Not found' });
  const { Item } = await ddb.send(new GetCommand({ TableName: 'users', Key: { id: req.params.id } }));
  if (!Item) return res.status(404).json({ message: 'Not found' });
  delete Item.password;
  res.json(Item);
});
app.post('/api/users', requireAuth, adminOnly, async (req, res) => {
  const user = { id: crypto.randomUUID(), email: req.body.email, role: 'user' };
  const password = await bcrypt.hash(req.body.password, 12);
  await ddb.send(new PutCommand({ TableName: 'users', Item: { ...user, password } }));
  res.status(201).json(user);
});
app.get('/api/posts', async (req, res) => {
  const result = await ddb.send(new ScanCommand({ TableName: 'posts' }));
  res.json({ items: result.Items });
});
app.post('/api/posts', requireAuth, async (req, res) => {
  if (req.body.userId !== undefined) return res.status(400).json({ message: 'userId is set by the server' });
  const post = { id: crypto.randomUUID(), title: req.body.title, userId: req.user.sub };
  await ddb.send(new PutCommand({ TableName: 'posts', Item: post }));
  res.status(201).json(post);
});
app.delete('/api/posts/:id', requireAuth, async (req, res) => {
  await ddb.send(new DeleteCommand({
    TableName: 'posts',
    Key: { id: req.params.id },
    ConditionExpression: 'userId = :user',
    ExpressionAttributeValues: { ':user': req.user.sub },
  }));
  res.status(204).end();
});
app.use((err, req, res, next) => {
  console.error(err);
  res.status(err.status || 500).json({ message: 'Internal error' });
});
app.listen(Number(process.env.PORT || 3000), process.env.HOST || '127.0.0.1');
