import { verify } from 'argon2';
import { Router } from 'express';
import { SignJWT, jwtVerify } from 'jose';
import { Failure } from '../http/failure';
import { settings } from '../settings';
import { byEmail } from '../users/lookup';

const key = new TextEncoder().encode(settings.jwtSecret);
const tokenOf = async (subject: string, lifetime: string): Promise<string> =>
  new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject(subject).setExpirationTime(lifetime).sign(key);

export const sessions = Router()
  .post('/', async ({ body: { email, password } }, res) => {
    const account = await byEmail(email);
    const good = account !== undefined && (await verify(account.password, password));
    if (!good) throw new Failure(401, 'The address or the password is wrong.');
    const { id, role } = account;
    res.json({ token: await tokenOf(id, '15m'), refresh: await tokenOf(id, '30d'), account: { id, role } });
  })
  .post('/refresh', async (req, res) => {
    const { payload } = await jwtVerify(req.body.refresh, key, { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'] });
    res.json({ token: await tokenOf(payload.sub as string, '15m') });
  });
