// ipclint.toml, as far as the editor writes into it.

const BASELINE = "ipclint-baseline.json";

/** Whether a configuration names a baseline already. */
export function names(configuration: string): boolean {
  return /^\s*baseline\s*=/m.test(configuration);
}

/** A configuration that names the baseline: at its head, for what follows a table's header belongs to the table. */
export function withBaseline(configuration: string): string {
  return `baseline = "${BASELINE}"\n${configuration}`;
}
