import { formatDuration } from "../../actions/core/duration.ts";

/** Takes one line about what goes on. */
export type Progress = (line: string) => void;

const heartbeat = 30_000;

/**
 * Runs one long step and says so: a line when it begins (with what it waits for), one every 30 s while it runs,
 * and one with the time that it took.
 */
export async function step<T>(progress: Progress, name: string, waitsFor: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const elapsed = () => formatDuration(performance.now() - start);
  progress(`${name}: waits for ${waitsFor} …`);
  const beat = setInterval(() => progress(`${name}: still waits for ${waitsFor} (${elapsed()})`), heartbeat);
  try {
    const result = await work();
    progress(`${name}: ready after ${elapsed()}`);
    return result;
  } catch (thrown) {
    progress(`${name}: failed after ${elapsed()}`);
    throw thrown;
  } finally {
    clearInterval(beat);
  }
}
