import { QUERY } from "./query";
import { urql } from "./urql";

export function follow(id: string, take: (event: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    urql.subscription(QUERY, { id, after: null }).subscribe(({ data, error, hasNext }: any) => {
      if (error) reject(error);
      if (data) take(data.generationEvents);
      if (data?.generationEvents.__typename === "GenerationFinished" || hasNext === false) resolve();
    });
  });
}
