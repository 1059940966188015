import { Writable } from "node:stream";
import type { V1Status } from "@kubernetes/client-node";
import { loadConfig } from "./connection.ts";

/** A command for a container of a pod. */
export interface PodCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** Gets what it writes to both streams, as it comes. */
  readonly onOutput?: (piece: Buffer) => void;
}

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  /** What it wrote to both streams, the first mebibyte. */
  readonly output: string;
}

/** Bytes of output that are kept. */
const longestOutput = 1024 * 1024;

/**
 * Runs a command in a container (the API server's `exec`), and waits for its end.
 *
 * @param kubeconfig its text.
 * @throws the reason of the signal; an error when the container has no such program or the connection fails.
 */
export async function runInPod(kubeconfig: string, command: PodCommand, signal: AbortSignal): Promise<CommandResult> {
  const { Exec } = await import("@kubernetes/client-node");
  const config = await loadConfig(kubeconfig);
  const { namespace, pod, container, onOutput } = command;
  const collected = collect(onOutput);
  return await new Promise((resolve, reject) => {
    const { stream } = collected;
    const ended = (status: V1Status) => {
      const code = exitCodeOf(status);
      if (code === undefined) reject(new Error(status.message ?? "the command could not be run"));
      else resolve({ code, output: collected.text() });
    };
    new Exec(config)
      .exec(namespace, pod, container, [...command.command], stream, stream, null, false, ended)
      .then((socket) => {
        const stop = () => {
          socket.close();
          reject(signal.reason);
        };
        if (signal.aborted) stop();
        signal.addEventListener("abort", stop);
        socket.onclose = () => {
          signal.removeEventListener("abort", stop);
          // The last word of a connection is its status; without one it broke off.
          reject(new Error("the connection to the pod broke off"));
        };
      }, reject);
  });
}

/** A failed command is a status too: its exit code is among the causes. Undefined when it was not even started. */
function exitCodeOf({ status, details }: V1Status): number | undefined {
  if (status === "Success") return 0;
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? undefined : Number(code);
}

function collect(onOutput: (piece: Buffer) => void = () => {}) {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      if (size < longestOutput) chunks.push(chunk.subarray(0, longestOutput - size));
      size += chunk.length;
      onOutput(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
