import express, { type NextFunction, type Request, type Response } from 'express';
import { createHandler } from 'graphql-http/lib/use/express';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { readFileSync } from 'node:fs';
import { authenticate } from './authenticate.js';
import { resolvers } from './resolvers.js';

const schema = makeExecutableSchema({ typeDefs: readFileSync('schema.graphql', 'utf8'), resolvers });
const app = express();
app.use(express.json({ limit: '256kb' }));
app.get('/live', (_req, res) => { res.json({ status: 'ok' }); });
app.post('/graphql', authenticate, createHandler({ schema, context: (request) => ({ user: request.raw.res!.locals.user }) }));
app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => { res.status(500).json({ error: 'Something went wrong.' }); });
app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1');
