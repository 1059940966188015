import type { V1EndpointSlice } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import type { Application, Component } from "../../validate/application.ts";
import { answeredBy, type Check, usualTimeout } from "./check.ts";

/** One check for each Service in front of pods: it must have at least one that is ready. */
export function endpointChecks(cluster: Cluster, { components }: Pick<Application, "components">): Check[] {
  const served = Object.values(components).filter(
    ({ service, ports = [], replicas }) => service !== undefined && ports.length > 0 && replicas !== 0,
  );
  return served.map((component) => checkOf(cluster, component));
}

function checkOf(cluster: Cluster, component: Component): Check {
  const { namespace, service } = component;
  const name = service?.name ?? "";
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const labelSelector = `kubernetes.io/service-name=${name}`;
  return {
    name: `endpoints of ${name}`,
    timeout: usualTimeout,
    interval: 250,
    optional: false,
    ...answeredBy(component),
    async look() {
      const { items } = await cluster.read<List<V1EndpointSlice>>({ path, query: { labelSelector } });
      const ready = items
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false);
      if (ready.length > 0) return { state: "passed", said: `${ready.length} ready` };
      return { state: "wrong", said: `no pod answers for the Service ${name}: its selector or its port fits none` };
    },
  };
}
