import { after, before } from 'node:test';

import { startServer, type Server } from './backend.js';

/** A server that lets everybody do everything, for what does not depend on who asks. */
export let open: Server;

before(async () => {
  open = await startServer({ AUTH: 'off', JWT_SECRET: '' });
});

after(() => open.stop());
