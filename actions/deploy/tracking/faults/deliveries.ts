import type { V1Pod } from "@kubernetes/client-node";
import { deliveryState, targetsOf } from "../../delivery/operator.ts";
import { type Fault, firstLine, type Sight } from "./fault.ts";

/** The part of a fault that is the same for a container and for a whole pod. */
type Waiting = Pick<Fault, "key" | "tolerance" | "cause" | "fix" | "about">;

/** Milliseconds between two looks of the operator at Infisical, as the chart asks for (60 s), and then some. */
const nextLook = 75_000;
const usual = 15_000;

/**
 * What a pod comes to that waits for a Secret, or a key of it, that Infisical's operator makes: it may wait as long as the
 * operator works on it. Undefined for what nobody in this release asked the operator for.
 *
 * @param message what the kubelet says.
 */
export function awaitedSecret({ snapshot, workload }: Sight, pod: V1Pod, message: string): Waiting | undefined {
  const name = secretIn(pod, message);
  if (name === undefined) return undefined;
  const { namespace } = workload;
  const request = snapshot.deliveries.find((one) => targetsOf(one, namespace).includes(`${namespace}/${name}`));
  if (request === undefined) return undefined;
  const said = firstLine(message);
  const about = "secrets";
  const key = (state: string) => `awaits ${pod.metadata?.name} ${name} ${state}`;
  const asked = `${request.kind} ${request.metadata?.name}`;
  const delivery = deliveryState(request);
  switch (delivery.state) {
    case "failed":
      return {
        key: key("failed"),
        tolerance: usual,
        cause: `Infisical's operator cannot deliver the Secret ${name}: ${delivery.said}`,
        fix: "Correct what it names: its login, or the project, environment and folder of the set.",
        about,
      };
    case "silent":
      return {
        key: key("silent"),
        tolerance: usual,
        cause: `${said}, and nobody has answered ${asked}`,
        fix: "Install Infisical's operator, or let the deploy bring the secrets: `cluster.secrets.delivery: sync`.",
        about,
      };
    case "working":
      return {
        key: key("working"),
        tolerance: Number.POSITIVE_INFINITY,
        cause: `${said}, and Infisical's operator still works on ${asked}`,
        fix: "See the log of the operator.",
        about,
      };
    case "delivered":
      return {
        key: key("delivered"),
        tolerance: nextLook,
        cause: `${said}, though Infisical's operator has done ${asked}`,
        fix: "Add the key in Infisical, in the folder of the set.",
        about,
      };
  }
}

/** The Secret that a message of the kubelet is about; of a missing key of a volume, only the volume is named. */
function secretIn({ spec }: V1Pod, message: string): string | undefined {
  const [, missing] = /secret "([^"]+)" not found/.exec(message) ?? [];
  const [, lacking] = /couldn't find key \S+ in Secret [^/\s]+\/(\S+)/.exec(message) ?? [];
  const [, volume] = /volume "([^"]+)" : references non-existent secret key/.exec(message) ?? [];
  const mounted = spec?.volumes?.find(({ name }) => name === volume)?.secret?.secretName;
  return missing ?? lacking ?? mounted;
}
