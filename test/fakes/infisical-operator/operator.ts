import { createHash } from "node:crypto";
import type {
  KubernetesObject,
  V1DaemonSet,
  V1Deployment,
  V1PodSpec,
  V1Secret,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { Cluster, List } from "../../../actions/core/cluster.ts";
import type { DeliveryRequest } from "../../../actions/deploy/delivery/operator.ts";

// A stand-in for Infisical's operator, in one namespace. What it does was read in the source of
// github.com/Infisical/kubernetes-operator 0.11.5 (internal/services, internal/controllerhelpers), unless it says "a guess".
// It is weaker than the real one: it asks Infisical by v3, takes the login of v1beta1 from its options instead of an
// InfisicalAuth, makes neither ConfigMaps nor templates, and copies no labels.

/** What the operator is told. */
export interface OperatorOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** The login for InfisicalStaticSecrets; for InfisicalSecrets it is in the Secret that they name. */
  readonly login?: { readonly url: string; readonly clientId: string; readonly clientSecret: string };
  /** Ends when it may go beyond its login; so that a test sees it at work. */
  readonly gate?: Promise<void>;
}

/** A running operator. */
export interface Operator extends Disposable {
  /** Looks at Infisical now; the real one does every `resyncInterval` or `refreshInterval`. */
  sync(): Promise<void>;
}

interface Request extends DeliveryRequest {
  readonly spec: NonNullable<DeliveryRequest["spec"]> & {
    readonly hostAPI?: string;
    readonly authentication?: {
      readonly universalAuth?: {
        readonly credentialsRef: { readonly secretName: string; readonly secretNamespace: string };
        readonly secretsScope: { readonly projectSlug: string; readonly envSlug: string; readonly secretsPath: string };
      };
    };
    readonly sources?: readonly {
      readonly projectSlug: string;
      readonly environmentSlug: string;
      readonly secretPath: string;
    }[];
  };
}

interface Source {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly project: string;
  readonly environment: string;
  readonly path: string;
}

/** One of its two controllers: where its objects are, how they name their source and targets, and what it says. */
interface Controller {
  readonly path: string;
  source(request: Request): Promise<Source>;
  targets(request: Request): readonly { readonly namespace: string; readonly name: string }[];
  begun(): Condition;
  ended(count: number, fault: unknown): readonly Condition[];
}

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

const group = "secrets.infisical.com";

function condition(type: string, status: Condition["status"], reason: string, message: string): Condition {
  return { type: `${group}/${type}`, status, reason, message };
}

/** Starts an operator that answers every request of the namespace as it comes. */
export async function startOperator({ cluster, namespace, login, gate }: OperatorOptions): Promise<Operator> {
  const controllers = [secretController(cluster, namespace), staticSecretController(namespace, login)];
  // One at a time for each request, as a controller's queue does.
  const queues = new Map<string, Promise<void>>();
  const reconcile = (controller: Controller, request: Request): Promise<void> => {
    const uid = request.metadata?.uid ?? "";
    const work = (queues.get(uid) ?? Promise.resolve()).then(() => handle(cluster, controller, request, gate));
    queues.set(
      uid,
      work.catch(() => {}),
    );
    return work;
  };
  const seen = new Map<string, number>();
  const watches = await Promise.all(
    controllers.map(async (controller) => {
      const { path } = controller;
      const watched = await cluster.watch<Request>(
        { path },
        {
          changed(request) {
            // Its own status is no news to it.
            const { uid = "", generation = 0, deletionTimestamp } = request.metadata ?? {};
            if (deletionTimestamp !== undefined || (seen.get(uid) ?? 0) >= generation) return;
            seen.set(uid, generation);
            void reconcile(controller, request).catch(() => {});
          },
          away() {},
          back() {},
        },
      );
      return { controller, watched };
    }),
  );
  return {
    async sync() {
      await Promise.all(
        watches.flatMap(({ controller, watched }) => watched.items().map((request) => reconcile(controller, request))),
      );
    },
    [Symbol.dispose]() {
      for (const { watched } of watches) watched.stop();
    },
  };
}

async function handle(cluster: Cluster, controller: Controller, request: Request, gate?: Promise<void>) {
  try {
    const source = await controller.source(request);
    const token = await logIn(source);
    await setConditions(cluster, controller, request, [controller.begun()]);
    await gate;
    const values = await listSecrets(source, token);
    for (const target of controller.targets(request)) {
      await writeSecret(cluster, target, values);
      await reload(cluster, target, versionOf(values));
    }
    await setConditions(cluster, controller, request, controller.ended(Object.keys(values).length, undefined));
  } catch (thrown) {
    await setConditions(cluster, controller, request, controller.ended(0, (thrown as Error).message));
  }
}

/** v1alpha1. */
function secretController(cluster: Cluster, namespace: string): Controller {
  return {
    path: `/apis/${group}/v1alpha1/namespaces/${namespace}/infisicalsecrets`,
    async source({ spec: { hostAPI = "", authentication } }) {
      const login = authentication?.universalAuth;
      if (login === undefined) throw new Error("no authentication method provided");
      const { secretName: name, secretNamespace } = login.credentialsRef;
      const stored = `/api/v1/namespaces/${secretNamespace}/secrets/${name}`;
      const { data = {} } = await cluster.read<V1Secret>({ path: stored });
      const read = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
      const { projectSlug: project, envSlug: environment, secretsPath: path } = login.secretsScope;
      const identity = { clientId: read("clientId"), clientSecret: read("clientSecret") };
      return { url: hostAPI.replace(/\/api$/, ""), ...identity, project, environment, path };
    },
    targets: ({ spec: { managedKubeSecretReferences = [] } }) =>
      managedKubeSecretReferences.map(({ secretName = "", secretNamespace = "" }) => {
        return { name: secretName, namespace: secretNamespace };
      }),
    begun: () => condition("LoadedInfisicalToken", "True", "OK", "Infisical controller has loaded the Infisical token"),
    ended: (count, fault) =>
      fault === undefined
        ? [
            condition(
              "ReadyToSyncSecrets",
              "True",
              "OK",
              `Infisical controller has started syncing your secrets. Last reconcile synced ${count} secrets`,
            ),
          ]
        : [
            condition("ReadyToSyncSecrets", "False", "Error", `Failed to sync secrets. Error: ${fault}`),
            condition("AutoRedeployReady", "False", "Stopped", `Auto redeployment has been stopped. Error: ${fault}`),
          ],
  };
}

/** v1beta1. */
function staticSecretController(namespace: string, login: OperatorOptions["login"]): Controller {
  return {
    path: `/apis/${group}/v1beta1/namespaces/${namespace}/infisicalstaticsecrets`,
    async source({ spec: { sources: [first] = [] } }) {
      if (login === undefined) throw new Error("InfisicalAuth is not ready");
      if (first === undefined) throw new Error("at least one source is required");
      const { projectSlug: project, environmentSlug: environment, secretPath: path } = first;
      return { ...login, project, environment, path };
    },
    targets: ({ spec: { targets = [] } }) =>
      targets.map(({ name = "", namespace: place = "" }) => ({ name, namespace: place })),
    begun: () => condition("LastReconcileAuthMethod", "True", "OK", "universal"),
    ended: (_, fault) =>
      fault === undefined
        ? [condition("LastReconcileStatus", "True", "OK", "Reconciliation successful")]
        : [condition("LastReconcileStatus", "False", "Error", `Reconciliation failed: ${fault}`)],
  };
}

async function logIn({ url, clientId, clientSecret }: Source): Promise<string> {
  const answer = await fetch(`${url}/api/v1/auth/universal-auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId, clientSecret }),
  });
  // Its words for a refused login are a guess.
  if (!answer.ok) throw new Error(`unable to authenticate with the machine identity: status ${answer.status}`);
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

async function listSecrets(
  { url, project, environment, path }: Source,
  token: string,
): Promise<Record<string, string>> {
  const query = new URLSearchParams({
    workspaceSlug: project,
    environment,
    secretPath: path,
    expandSecretReferences: "true",
  });
  const answer = await fetch(`${url}/api/v3/secrets/raw?${query}`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`unable to fetch all secret sources: status ${answer.status}`);
  const { secrets } = (await answer.json()) as { secrets: { secretKey: string; secretValue: string }[] };
  return Object.fromEntries(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]));
}

/** A digest that changes with the values; the real one is another. */
function versionOf(values: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

interface Target {
  readonly namespace: string;
  readonly name: string;
}

async function writeSecret(cluster: Cluster, { namespace, name }: Target, values: Readonly<Record<string, string>>) {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
  const metadata = { name, annotations: { [`${group}/version`]: versionOf(values) } };
  await apply(cluster, `/api/v1/namespaces/${namespace}/secrets/${name}`, {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    type: "Opaque",
    data,
  });
}

/** Restarts what asks for it: workloads with the annotation that use the Secret get its version into their pods' template. */
async function reload(cluster: Cluster, { namespace, name }: Target, version: string): Promise<void> {
  for (const kinds of ["deployments", "daemonsets", "statefulsets"]) {
    const collection = `/apis/apps/v1/namespaces/${namespace}/${kinds}`;
    const { items } = await cluster.read<List<V1Deployment | V1DaemonSet | V1StatefulSet>>({ path: collection });
    for (const { metadata, spec } of items) {
      const wants = metadata?.annotations?.[`${group}/auto-reload`] === "true";
      if (!wants || !uses(spec?.template.spec, name)) continue;
      const annotations = { [`${group}/managed-secret.${name}`]: version };
      await patch(cluster, `${collection}/${metadata?.name}`, {
        metadata: { annotations },
        spec: { template: { metadata: { annotations } } },
      });
    }
  }
}

function uses(spec: V1PodSpec | undefined, secret: string): boolean {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return (
    containers.some(
      ({ env = [], envFrom = [] }) =>
        env.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === secret) ||
        envFrom.some(({ secretRef }) => secretRef?.name === secret),
    ) || (spec?.volumes ?? []).some((volume) => volume.secret?.secretName === secret)
  );
}

async function setConditions(
  cluster: Cluster,
  { path }: Controller,
  { metadata }: KubernetesObject,
  conditions: readonly Condition[],
): Promise<void> {
  const url = `${path}/${metadata?.name}`;
  const { status } = await cluster.read<DeliveryRequest>({ path: url });
  const types = new Set(conditions.map(({ type }) => type));
  const kept = (status?.conditions ?? []).filter(({ type }) => !types.has(type));
  const lastTransitionTime = new Date().toISOString();
  // Only v1beta1 tells the generation.
  const observed = path.includes("/v1beta1/") ? { observedGeneration: metadata?.generation ?? 0 } : {};
  const made = conditions.map((one) => ({ ...one, lastTransitionTime, ...observed }));
  await patch(cluster, `${url}/status`, { status: { conditions: [...kept, ...made] } });
}

async function patch(cluster: Cluster, path: string, body: unknown): Promise<void> {
  await send(cluster, path, "application/merge-patch+json", body);
}

async function apply(cluster: Cluster, path: string, body: unknown): Promise<void> {
  await send(cluster, `${path}?fieldManager=infisical-operator&force=true`, "application/apply-patch+yaml", body);
}

async function send(cluster: Cluster, path: string, contentType: string, body: unknown): Promise<void> {
  const answer = await cluster.call({ method: "PATCH", path, contentType, body });
  if (answer.status >= 300) throw new Error(`the API server answers ${answer.status}: ${answer.body}`);
}
