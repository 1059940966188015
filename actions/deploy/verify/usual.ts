import type { Cluster } from "../../core/cluster.ts";
import type { Application } from "../../validate/application.ts";
import { certificateChecks } from "./certificates.ts";
import { answeredBy, type Check, type Finding } from "./check.ts";
import { endpointChecks } from "./endpoints.ts";
import { askAddress, askService } from "./http.ts";
import { nodeChecks } from "./nodes.ts";

/** How this runner reaches private addresses: through an HTTP proxy, or as any other address. */
export interface PrivateWay {
  readonly proxy?: string | undefined;
}

/**
 * The checks that every application gets: Services with endpoints, an answer through the Service and from its addresses,
 * certificates, and the nodes where the team says how many there are.
 *
 * @param way to private addresses; without one they are not asked.
 */
export function usualChecks(cluster: Cluster, application: Application, way?: PrivateWay): Check[] {
  return [
    ...endpointChecks(cluster, application),
    ...healthChecks(cluster, application),
    ...addressChecks(application, way),
    ...certificateChecks(cluster, application),
    ...nodeChecks(cluster, application.cluster.nodes),
  ];
}

function healthChecks(cluster: Cluster, { components }: Application): Check[] {
  const asked = Object.values(components).filter(({ health, service, httpPort, replicas }) => {
    return health?.path !== undefined && service !== undefined && httpPort && replicas !== 0;
  });
  return asked.map((component) => {
    const path = component.health?.path ?? "/";
    return {
      name: `http://${component.service?.name}${path}`,
      timeout: 15_000,
      optional: false,
      ...answeredBy(component),
      // The kubelet has had its answer already: what keeps the API server from the pods is not the app's fault.
      look: async (signal) => softly(await askService(cluster, component, path, {}, signal), /error trying to reach/),
    };
  });
}

/** A private address is only reached from the tailnet. DNS and certificates of a new one take their time. */
function addressChecks({ ingress }: Application, way: PrivateWay | undefined): Check[] {
  return ingress
    .filter((route) => route.public || way !== undefined)
    .map(({ url, public: isPublic }) => ({
      name: url,
      timeout: 15_000,
      optional: false,
      // An app may answer its root with anything; what counts is that the way in leads to it.
      look: async (signal) =>
        await askAddress(url, {}, signal, { good: (status) => status < 500, ...(isPublic ? {} : way) }),
    }));
}

function softly(finding: Finding, unknown: RegExp): Finding {
  return finding.state === "wrong" && unknown.test(finding.said)
    ? { ...finding, state: "unknown", final: true }
    : finding;
}
