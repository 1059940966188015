import { rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { addRegistry } from "../cluster/containerd.ts";
import type { World } from "./world.ts";

/** Who asks: the action from the runner, or the node's container runtime. */
export type Asker = "runner" | "node";

/** A registry at an address of its own, which is the real one behind a door that a test may shut. */
export interface RegistryRelay extends AsyncDisposable {
  /** `address:port`, as it stands in front of an image's name. */
  readonly address: string;
  /** What it answered, in order: `runner 200`, `node 429`. */
  readonly answers: readonly string[];
  /** Answers `429 Too Many Requests` instead of the registry: so many times, or until {@link heal}. */
  limit(who: Asker, times?: number): void;
  heal(): void;
  /** Stops listening: whoever calls is refused. */
  close(): Promise<void>;
}

/** Opens a relay in front of the registry, which the runner and the node reach under the same address. */
export async function openRegistryRelay({ cluster }: World): Promise<RegistryRelay> {
  const { network, registry } = cluster;
  const answers: string[] = [];
  const left = new Map<Asker, number>();
  const server = createServer((incoming, response) => {
    const who: Asker = /^containerd/.test(incoming.headers["user-agent"] ?? "") ? "node" : "runner";
    const times = left.get(who) ?? 0;
    if (times > 0) {
      left.set(who, times - 1);
      answers.push(`${who} 429`);
      // As Docker Hub words it (docs.docker.com, "Docker Hub usage and limits").
      const errors = [{ code: "TOOMANYREQUESTS", message: "You have reached your pull rate limit." }];
      response.writeHead(429, { "retry-after": "1", "content-type": "application/json" });
      response.end(JSON.stringify({ errors }));
      return;
    }
    const { method, url, headers } = incoming;
    const forwarded = request(`http://${registry.address}${url}`, { method, headers, agent: false }, (answer) => {
      answers.push(`${who} ${answer.statusCode}`);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, network.hostAddress, resolve));
  const address = `${network.hostAddress}:${(server.address() as AddressInfo).port}`;
  const folder = await addRegistry(network, address);
  const close = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    address,
    answers,
    limit: (who, times = Number.POSITIVE_INFINITY) => left.set(who, times),
    heal: () => left.clear(),
    close,
    async [Symbol.asyncDispose]() {
      await close();
      await rm(folder, { recursive: true });
    },
  };
}
