import type { Clock } from "./api/clock.ts";
import type { Target } from "./target.ts";

/** Milliseconds between two tables: a log cannot be written over. */
const betweenTables = 30_000;

/** A table of all targets that is under way. */
export interface LiveTable {
  /** Notes a state, and says it in a line. */
  state(target: Target, state: string, url?: string): void;
}

/** What shows the table. */
export interface Screen {
  line(text: string): void;
  table(heading: string, lines: readonly string[]): void;
}

/** Follows targets in a log: a line for each change, and every half minute in which something changed, a table of what runs. */
export function liveTable(targets: readonly Target[], clock: Clock, screen: Screen): LiveTable {
  const states = new Map<Target, string>();
  let shownAt = clock.now();
  const isOver = (state: string) => /^(succeeded|failed|skipped|planned|cancelled)/.test(state);
  return {
    state(target, state, url) {
      states.set(target, state);
      screen.line(`${nameOf(target)}: ${state}${url === undefined || isOver(state) ? "" : `, ${url}`}`);
      if (clock.now() - shownAt < betweenTables) return;
      shownAt = clock.now();
      const under = [...states].filter(([, text]) => !isOver(text));
      const over = states.size - under.length;
      const counts = `${over} of ${targets.length} done, ${under.length} under way, ${targets.length - states.size} to come`;
      const width = Math.max(0, ...under.map(([each]) => nameOf(each).length));
      screen.table(
        counts,
        under.map(([each, text]) => `${nameOf(each).padEnd(width)}  ${text}`),
      );
    },
  };
}

function nameOf({ repository, ref, environments }: Target): string {
  return `${repository}@${ref}${environments.length === 0 ? "" : ` (${environments.join(", ")})`}`;
}
