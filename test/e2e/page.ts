import { Agent, get } from "node:http";
import { poll } from "../../actions/core/retry.ts";
import type { App, World } from "./world.ts";

/** Address of an app's Service in the namespace of an environment; the machine reaches it. */
export async function serviceAddress(
  { kubectl }: Pick<World, "kubectl">,
  environment: string,
  { name }: Pick<App, "name">,
) {
  const output = "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}";
  return `http://${await kubectl("get", "service", name, "-n", `${environment}-${name}`, "-o", output)}`;
}

/** One request over a connection of its own, 5 s at most: the text of a 200, an error for all else. */
export function readPage(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: new Agent({ keepAlive: false }), timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP ${response.statusCode}`)),
      );
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", reject);
  });
}

/** Asks until the page holds a text, 30 s at most, and gives the page. */
export async function pageWith(url: string, text: string): Promise<string> {
  const onTimeout = (seen: string) => new Error(`${url} did not show ${text} within 30 s: ${seen}`);
  const signal = AbortSignal.timeout(60_000);
  return await poll({ interval: 100, timeout: 30_000, signal, onTimeout }, async () => {
    const page = await readPage(url).catch((thrown: Error) => thrown.message);
    return page.includes(text) ? { done: page } : { waiting: page };
  });
}

/** Asks every 50 ms over a new connection each time, until it is stopped; gives the failures. */
export function keepAsking(url: string): { stop(): Promise<{ asked: number; failures: string[] }> } {
  const requests: Promise<string | undefined>[] = [];
  const start = Date.now();
  const ask = () => {
    const asked = Date.now();
    const failed = ({ message }: Error) => `+${asked - start} ms (${new Date(asked).toISOString()}): ${message}`;
    requests.push(readPage(url).then(() => undefined, failed));
  };
  const timer = setInterval(ask, 50);
  // A test that fails before it stops this must end all the same.
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      const results = await Promise.all(requests);
      return { asked: results.length, failures: results.filter((result) => result !== undefined) };
    },
  };
}
