const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
};

export const settings = Object.freeze({
  jwtSecret: required('JWT_SECRET'),
  cookie: process.env.COOKIE_NAME ?? 'session',
  port: Number(process.env.PORT || '3000'),
});
