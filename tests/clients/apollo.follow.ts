import { gql } from "@apollo/client";
import { apollo } from "./apollo";
import { QUERY } from "./query";

export function follow(id: string, take: (event: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    apollo.subscribe({ query: gql(QUERY), variables: { id, after: null } }).subscribe({
      next: ({ data, error }: any) => (error ? reject(error) : take(data.generationEvents)),
      error: reject,
      complete: resolve,
    });
  });
}
