// This file is how schema.graphql is linted: every rule for schemas is on, each exception with its reason.
//
// package.json names graphql-config, a dependency of the plugin, to keep it at the version whose own dependencies are
// those of the plugin: later ones bring a second set.

import graphql from "@graphql-eslint/eslint-plugin";

const everything = {
  types: true,
  rootField: true,
  FieldDefinition: true,
  InputValueDefinition: true,
  EnumValueDefinition: true,
  DirectiveDefinition: true,
};

export default [
  {
    files: ["schema.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    rules: {
      ...graphql.configs["schema-recommended"].rules,
      ...graphql.configs["schema-all"].rules,
      ...graphql.configs["schema-relay"].rules,
      "@graphql-eslint/require-description": ["error", everything],

      // Lists are read forward only: cursors are keys of tables, and none is worth an index of its own for the way back.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          shouldImplementNode: false, // a log line, a member or an analytics event is found by its owner, not by `node`
          listTypeCanWrapOnlyEdgeType: false, // what is short by a rule, such as the tables of a schema, is a plain list
        },
      ],

      // A mutation returns its payload and a subscription its event, or a top-level error; neither has a null of its own.
      "@graphql-eslint/require-nullable-result-in-root": "off",
      // A payload has the changed object, from which all that may have changed with it can be asked for.
      "@graphql-eslint/require-field-of-type-query-in-mutation-result": "off",
      // What has an id implements Node; events, payloads, pages, totals and the parts of an object have none.
      "@graphql-eslint/strict-id-in-types": "off",
      // `username` and `sessionId` are what people and senders of events call them, not a `name` and an `id` of ours.
      "@graphql-eslint/no-typename-prefix": "off",
      // There are mutations and subscriptions here: the rule is for APIs that want none.
      "@graphql-eslint/no-root-type": "off",
      // Fields stand in the order in which they are best read.
      "@graphql-eslint/alphabetize": "off",
    },
  },
];
