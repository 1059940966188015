import type { Cluster } from "../../core/cluster.ts";
import { type DeliveryRequest, deliveryState, isRequest, pathOfRequests } from "../delivery/operator.ts";
import type { RenderedObject } from "../rendered/objects.ts";
import type { Check, Finding } from "./check.ts";

/** Milliseconds for the operator to deliver: what it failed at once it may do at its next try. */
const deliveryTime = 30_000;
/** Milliseconds after which a request without any status has no operator. */
const operatorTime = 8_000;

/** One check for each object of a release that asks Infisical's operator for Secrets. */
export function deliveryChecks(cluster: Cluster, objects: readonly RenderedObject[], namespace: string): Check[] {
  return objects.filter(isRequest).map((object) => {
    const name = `${object.kind} ${object.metadata?.name}`;
    const path = `${pathOfRequests(object, namespace)}/${object.metadata?.name}`;
    const from = performance.now();
    return {
      name,
      timeout: deliveryTime,
      optional: false,
      look: async (signal) => {
        const { status, body } = await cluster.call({ path }, signal);
        if (status !== 200) return { state: "unknown", final: true, said: `${name} cannot be read` };
        return judgeDelivery(name, JSON.parse(body) as DeliveryRequest, performance.now() - from);
      },
    };
  });
}

/** A request that nobody writes a status for has no operator: its Secret may come from elsewhere, so the app has not failed. */
export function judgeDelivery(name: string, request: DeliveryRequest, waited: number): Finding {
  const delivery = deliveryState(request);
  switch (delivery.state) {
    case "delivered":
      return { state: "passed" };
    case "failed":
      return { state: "wrong", said: `Infisical's operator cannot do ${name}: ${delivery.said}` };
    case "silent":
      return { state: "unknown", final: waited > operatorTime, said: `nobody answers ${name}: no operator has` };
    case "working":
      return { state: "unknown", said: `${name} is not done yet` };
  }
}
