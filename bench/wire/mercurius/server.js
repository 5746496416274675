// What a user would write with mercurius as its documentation shows it: `node server.js PORT`.
//
// On fastify with graphql-jit, records by the AWS SDK, events by Redis Pub/Sub (mqemitter-redis). Where the records and
// the events are, the environment says: AWS_ENDPOINT_URL, BENCH_TABLE, EVENTS_URL.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import mqemitter from 'mqemitter-redis';

const { AWS_ENDPOINT_URL: endpoint, BENCH_TABLE: TableName, EVENTS_URL: connectionString } = process.env;
const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1', endpoint }));

const schema = `
  scalar DateTime
  scalar Long

  type Query { viewer: User  project(id: ID!): Project }
  type Subscription { generationEvents(id: ID!): GenerationEvent! }

  type User { id: ID! }
  type Project {
    id: ID! name: String! description: String! status: String! version: Int! createdAt: DateTime! updatedAt: DateTime!
    deployments(first: Int! = 20): DeploymentConnection!
  }
  type DeploymentConnection { nodes: [Deployment!]! pageInfo: PageInfo! }
  type Deployment { id: ID! status: String! platform: String! createdAt: DateTime! updatedAt: DateTime! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }

  interface StreamEvent { cursor: String! seq: Long! at: DateTime! }
  union GenerationEvent = TokenDelta | StreamGap
  type TokenDelta implements StreamEvent { cursor: String! seq: Long! at: DateTime! text: String! offset: Int! }
  type StreamGap implements StreamEvent { cursor: String! seq: Long! at: DateTime! fromSeq: Long! toSeq: Long }
`;

const inCamels = ({ created_at: createdAt, updated_at: updatedAt, ...item }) => ({ ...item, createdAt, updatedAt });

const resolvers = {
  Query: {
    viewer: () => ({ id: 'user' }),
    project: async (_root, { id }) => {
      const { Item } = await documents.send(new GetCommand({ TableName, Key: { pk: 'project', sk: id } }));
      return Item && inCamels(Item);
    },
  },
  Project: {
    deployments: async ({ id }, { first }) => {
      const { Items } = await documents.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': `deployments ${id}` },
          Limit: first,
        }),
      );
      const nodes = Items.map(inCamels);
      return { nodes, pageInfo: { hasNextPage: false, endCursor: nodes.at(-1).id } };
    },
  },
  Subscription: {
    generationEvents: { subscribe: (_root, { id }, { pubsub }) => pubsub.subscribe(`peer:${id}`) },
  },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, jit: 1, subscription: { emitter: mqemitter({ connectionString }) } });
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
