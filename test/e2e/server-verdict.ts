import { randomBytes } from "node:crypto";
import type { KubernetesObject } from "../../actions/validate/rendered.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import type { World } from "./world.ts";

/** What asks the real API server for its opinion of objects, in a namespace that goes at the end. */
export interface ServerVerdict extends AsyncDisposable {
  readonly namespace: string;
  /** The server's words about objects, after a dry run with strict field validation; empty when it takes them. */
  refusal(objects: readonly KubernetesObject[]): Promise<string>;
}

/** Makes a namespace whose name begins with a word. */
export async function openServerVerdict(world: World, word: string): Promise<ServerVerdict> {
  const { kubectl } = await ensureTools(["kubectl"]);
  const namespace = `${word}-${randomBytes(3).toString("hex")}`;
  await world.kubectl("create", "namespace", namespace);
  const command = [kubectl, "--kubeconfig", world.cluster.kubernetes.kubeconfig, "apply", "--server-side"];
  const options = ["--dry-run=server", "--validate=strict", "--force-conflicts", "--filename=-"];
  return {
    namespace,
    async refusal(objects) {
      const input = objects.map((object) => JSON.stringify(movedTo(namespace, object))).join("\n");
      const { code, errors } = await run([...command, ...options], { input, accept: [0, 1] });
      return code === 0 ? "" : errors;
    },
    async [Symbol.asyncDispose]() {
      await world.kubectl("delete", "namespace", namespace, "--wait=false");
    },
  };
}

/** An object in another namespace; one of no namespace stays as it is. */
function movedTo(namespace: string, object: KubernetesObject): KubernetesObject {
  return object.metadata?.namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

/** A copy of an object with another value at a path of keys joined by dots, or with none there. */
export function changedAt(original: KubernetesObject, path: string, value: unknown): KubernetesObject {
  // Through JSON, since one part may stand in several places of the original, as labels do.
  const object: KubernetesObject = JSON.parse(JSON.stringify(original));
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  // biome-ignore lint/suspicious/noExplicitAny: paths lead into objects of every kind
  const parent = keys.reduce<any>((here, key) => here[key], object);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return object;
}
