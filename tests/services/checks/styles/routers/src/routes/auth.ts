import { Router } from 'express';
import { signIn, signUp } from '../services/accounts.js';

export const authRouter = Router();
authRouter.post('/sign-up', async (req, res) => { res.status(201).json(await signUp(req.body.email, req.body.password)); });
authRouter.post('/sign-in', async (req, res) => {
  const token = await signIn(req.body.email, req.body.password);
  res.json({ token, expiresIn: 900 });
});
