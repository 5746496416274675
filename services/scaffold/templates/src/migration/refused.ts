/** The records cannot be brought to what this version needs; nothing was changed. */
export class Refused extends Error {
  constructor(readonly faults: readonly string[]) {
    super('Nothing was changed. Mend these first; then run it again.');
  }
}
