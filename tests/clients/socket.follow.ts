import { QUERY } from "./query";
import { socket } from "./socket";

export function follow(id: string, take: (event: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.subscribe({ query: QUERY, variables: { id, after: null } }, {
      next: ({ data, errors }: any) => (errors ? reject(errors) : take(data.generationEvents)),
      error: reject,
      complete: resolve,
    });
  });
}
