const auth = process.env.AUTH ?? 'on';
export const settings = {
  auth,
  host: auth === 'off' ? '127.0.0.1' : (process.env.HOST ?? '0.0.0.0'),
  jwksUrl: process.env.JWKS_URL ?? '',
  issuer: process.env.JWT_ISSUER,
};
