import { asBody } from '../middleware/body.js';
import { accounts } from '../models/identity.js';
import { senderOf } from '../routes/auth.js';
import { Authentication } from '../services/authentication.js';
import type { Services } from '../services/index.js';
import type { Input } from '../types/index.js';
import type { Context } from './context.js';
import type { Resolvers } from './recordResolvers.js';

/** How people get an account, sign in and out, and change their password, by the service that the routes call too. */
export function accountResolvers(services: Services): { readonly queries: Resolvers; readonly mutations: Resolvers } {
  const authentication = new Authentication(services);
  return {
    queries: {
      currentUser: (_root, _args, { access }) => authentication.currentUser(access.caller),
    },
    mutations: {
{{signUp}}      signIn: act((body, { request }) => authentication.signIn(withLogin(body), senderOf(request))),
      refresh: act((body) => authentication.refresh(body)),
      signOut: done((_body, { access }) => authentication.signOut(access.caller)),
      signOutEverywhere: done((_body, { access }) => authentication.signOutEverywhere(access.caller)),
      changeCurrentUser: act((body, { access }) => authentication.changeIdentifiers(access.caller, body)),
      changePassword: done((body, { access }) => authentication.changePassword(access.caller, body)),
      requestPasswordReset: done((body, { request }) => authentication.requestReset(withLogin(body), senderOf(request))),
      resetPassword: done((body) => authentication.confirmReset(body)),
    },
  };
}

/** Give the arguments of a mutation to a service, as a body. */
function act(work: (body: Input, context: Context) => Promise<unknown>): Resolvers[string] {
  return (_root, args: Input, context) => work(asBody(args) as Input, context);
}

function done(work: (body: Input, context: Context) => Promise<void>): Resolvers[string] {
  return act(async (body, context) => {
    await work(body, context);
    return true;
  });
}

/** The body of a route, where the login is called as the field is. */
function withLogin({ login, ...rest }: Input): Input {
  return { ...rest, [accounts.login]: login };
}
