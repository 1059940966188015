import { at, listAt, type Tree, textAt } from "./tree.ts";

/** The hosts that objects route: of an Ingress, a Traefik IngressRoute, or a route of the Gateway API. */
export function hostsOf(objects: readonly Tree[]): Set<string> {
  return new Set(objects.flatMap(hosts));
}

function hosts(object: Tree): string[] {
  switch (object["kind"]) {
    case "Ingress":
      return texts(listAt(object, "spec", "rules").map((rule) => at(rule, "host")));
    case "IngressRoute": {
      const rules = listAt(object, "spec", "routes").map((route) => textAt(route, "match"));
      const calls = rules.flatMap((rule) => [...rule.matchAll(/Host\(([^)]*)\)/g)].map(([, list = ""]) => list));
      return calls.flatMap((list) => [...list.matchAll(/[`"]([^`"]+)[`"]/g)].map(([, host = ""]) => host));
    }
    case "HTTPRoute":
    case "GRPCRoute":
    case "TLSRoute":
      return texts(listAt(object, "spec", "hostnames"));
    default:
      return [];
  }
}

function texts(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === "string" && value !== "");
}
