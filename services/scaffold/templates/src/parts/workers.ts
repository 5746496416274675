{{imports}}
/** What is done beside requests: in the server, or by `npm run consume`. */
export class Workers {
{{fields}}

  constructor(config: Config, database: Database) {
{{creations}}
  }

  start(): void {
{{starts}}
  }

  /** What is being done is done to its end. */
  async stop(): Promise<void> {
    await Promise.all([{{stops}}]);
  }
}
