import { GraphQLError } from 'graphql';
import { rows } from './rows.js';

interface Context { user: { id: string; roles: string[] } }

const Query = {
  users: async (_: unknown, __: unknown, { user }: Context) => {
    if (!user.roles.includes('admin')) throw forbidden();
    return (await rows.all('users')).map(shown);
  },
  user: async (_: unknown, { id }: { id: string }, context: Context) => shown(await rows.find('users', own(id, context))),
  posts: () => rows.all('posts'),
};

const Mutation = {
  createPost: (_: unknown, { input }: { input: { title: string } }, { user }: Context) =>
    rows.put('posts', { id: crypto.randomUUID(), title: input.title, userId: user.id }),
  async updateUser(_: unknown, { id, email }: { id: string; email: string }, context: Context) {
    return shown(await rows.change('users', own(id, context), { email }));
  },
  deletePost: async (_: unknown, { id }: { id: string }, { user }: Context) => {
    const post = await rows.find('posts', id);
    if (post.userId !== user.id) throw forbidden();
    return rows.remove('posts', id);
  },
};

export const resolvers = { Query, Mutation };

function own(id: string, { user }: Context): string {
  if (id !== user.id && !user.roles.includes('admin')) throw forbidden();
  return id;
}

function shown({ id, email, role }: Record<string, string>): object {
  return { id, email, role };
}

function forbidden(): GraphQLError {
  return new GraphQLError('You may not.', { extensions: { code: 'FORBIDDEN' } });
}
