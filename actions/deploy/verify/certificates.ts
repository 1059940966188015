import type { Cluster } from "../../core/cluster.ts";
import type { Application } from "../../validate/application.ts";
import type { Check, Finding } from "./check.ts";

/** Milliseconds for a certificate: an issuer that proves a name by DNS needs a minute or two. */
const issueTime = 120_000;
/** Milliseconds after which a certificate without any status has no controller. */
const controllerTime = 8_000;

interface Certificate {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  };
}

/** One check for each Certificate of the application's routes. */
export function certificateChecks(cluster: Cluster, { ingress }: Pick<Application, "ingress">): Check[] {
  const names = new Map(
    ingress
      .filter(({ tlsName, controller }) => tlsName !== undefined && tlsName !== "" && controller === "traefik")
      .map(({ tlsName = "", namespace }) => [`${namespace}/${tlsName}`, { name: tlsName, namespace }]),
  );
  return [...names.values()].map(({ name, namespace }) => {
    const from = performance.now();
    return {
      name: `certificate ${name}`,
      timeout: issueTime,
      optional: false,
      look: async (signal) => {
        const path = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${name}`;
        const { status, body } = await cluster.call({ path }, signal);
        if (status !== 200) return { state: "unknown", final: true, said: `the certificate ${name} cannot be read` };
        return judge(name, JSON.parse(body) as Certificate, performance.now() - from);
      },
    };
  });
}

/** A certificate that nobody writes a status for has no controller: that is no failure of the app. */
function judge(name: string, { status }: Certificate, waited: number): Finding {
  const conditions = status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return { state: "passed" };
  const failed = conditions.find(
    ({ type, status, reason }) => type === "Issuing" && status === "False" && reason === "Failed",
  );
  if (failed !== undefined) {
    return { state: "wrong", final: true, said: `the certificate ${name} was not issued: ${failed.message ?? ""}` };
  }
  if (conditions.length === 0 && waited > controllerTime) {
    return { state: "unknown", final: true, said: `nobody issues the certificate ${name}: no controller has answered` };
  }
  return {
    state: "unknown",
    said: `the certificate ${name} is not issued yet${ready?.message ? `: ${ready.message}` : ""}`,
  };
}
