import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { webAddress } from "../core/inputs.ts";
import type { Kubeconfig } from "../core/kubeconfig.ts";
import { isTailnetAddress } from "../tailnet/client.ts";
import type { TailnetInputs } from "../tailnet/inputs.ts";
import { type Login, tailscaleApi, usualAudience } from "../tailnet/login.ts";
import { parseProbe } from "../tailnet/probe.ts";
import { run as joinTailnet } from "../tailnet/run.ts";
import type { Cluster } from "../validate/application.ts";
import type { Credentials } from "./credentials.ts";

type TailnetFacts = Pick<Cluster, "tailnet">;

/** The way into a tailnet: by an HTTP proxy, or open to the whole machine. */
export interface Way {
  readonly proxy: string | undefined;
}

/**
 * Joins the tailnet that leads to the API server.
 *
 * @throws FairleadError SECRET_MISSING, TAILNET_FAILED, TAILNET_UNREACHABLE
 */
export async function openWay(
  login: Login,
  { server, certificate }: Kubeconfig,
  cluster: TailnetFacts,
  toolMirror: string | undefined,
  context: Context,
): Promise<Way> {
  const probe = [{ ...parseProbe(new URL("/readyz", server).href), certificate }];
  const { proxy } = await joinTailnet({ ...tailnetOf(cluster, login), probe, login, toolMirror }, context);
  return { proxy };
}

/**
 * How the tailnet is joined. Userspace gives only Helm and the cluster client the way into it, and nothing else on the
 * runner; where the registry is on the tailnet too, the whole machine needs one, for the builder of the image.
 */
export function tailnetOf({ tailnet }: TailnetFacts, login: Pick<Login, "kind">): Joining {
  const { controlUrl, tags = [], registry = false } = tailnet;
  return {
    mode: registry ? "tun" : "userspace",
    acceptDns: registry,
    // A key that was made before has tags of its own.
    tags: login.kind === "auth-key" ? [] : tags,
    controlUrl: controlUrl || undefined,
    timeout: 60_000,
    retries: 2,
  };
}

type Joining = Pick<TailnetInputs, "mode" | "acceptDns" | "tags" | "controlUrl" | "timeout" | "retries">;

/**
 * How to log in to the tailnet: an auth key wins over an OAuth client, and a client without a secret is a federated
 * identity. Undefined when there are no credentials for one and none is needed.
 *
 * @throws FairleadError SECRET_MISSING when the API server or the registry is on a tailnet.
 */
export function tailnetLogin(server: URL, { tailnet }: TailnetFacts, credentials: Credentials): Login | undefined {
  const authKey = credentials.get("TAILSCALE_AUTH_KEY");
  if (authKey) return { kind: "auth-key", authKey };
  const clientId = credentials.get("TAILSCALE_OAUTH_CLIENT_ID");
  // Tailscale's API makes no keys for another control server.
  if (!clientId || tailnet.controlUrl) {
    if (leadsThroughTailnet(server, { tailnet })) credentials.require("TAILSCALE_AUTH_KEY");
    return undefined;
  }
  const client = { clientId, apiUrl: tailscaleApi };
  const clientSecret = credentials.get("TAILSCALE_OAUTH_CLIENT_SECRET");
  if (clientSecret) return { kind: "oauth", ...client, clientSecret };
  return { kind: "oidc", ...client, audience: usualAudience(clientId) };
}

/**
 * Fails for a control server whose address holds a user or a password: it stands in an argument list and in the log.
 *
 * @throws FairleadError INPUT_INVALID
 */
export function checkControlUrl({ tailnet }: TailnetFacts): void {
  try {
    if (tailnet.controlUrl) webAddress(tailnet.controlUrl);
  } catch (thrown) {
    throw new FairleadError({
      code: "INPUT_INVALID",
      message: `\`cluster.tailnet.controlUrl\` ${messageOf(thrown)}.`,
      fix: "Correct it in the file of the input `cluster`, or in the manifest.",
    });
  }
}

/** Whether nothing can be reached without a tailnet: by Tailscale's addresses and names, or because one is described. */
export function leadsThroughTailnet({ hostname }: URL, { tailnet }: TailnetFacts): boolean {
  if (tailnet.controlUrl || tailnet.registry) return true;
  return isTailnetAddress(hostname.replace(/^\[(.*)\]$/, "$1")) || hostname.endsWith(".ts.net");
}
