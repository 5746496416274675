import express from 'express';
import cors from 'cors';
import helmet from 'helmet';
import { authenticate } from './middleware/auth.js';
import { errorHandler } from './middleware/errorHandler.js';
import usersRouter from './routes/users.js';
import postsRouter from './routes/posts.js';
import { authRouter } from './routes/auth.js';

export const app = express();
app.use(helmet(), cors({ allowedHeaders: ['Authorization'] }), express.json());
app.get('/health', (_req, res) => { res.json({ status: 'ok' }); });
app.use('/auth', authRouter);
app.use('/api', authenticate);
app.use('/api/users', usersRouter);
app.use('/api/posts', postsRouter);
app.use(errorHandler);
