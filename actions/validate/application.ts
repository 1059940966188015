// The resolved document of the chart, in the words of its table in chart/README.md. Nothing of it is merged or guessed in
// TypeScript; what only templates read is left out here.

/** How a push finds an environment; an empty branch is the default branch of the repository. Without a key, no push does. */
export interface DeployRule {
  readonly branch?: string;
  readonly tag?: string;
}

/** What the chart says of a manifest when no environment is chosen. */
export interface Declaration {
  readonly name: string;
  readonly environments: Readonly<Record<string, { readonly deploy?: DeployRule }>>;
  readonly cluster: Cluster;
}

/** Facts about the cluster: the chart's `cluster` values with those of the team laid over them. */
export interface Cluster {
  readonly registry: string;
  readonly infisical: {
    readonly url: string;
    readonly project: string;
    readonly path: string;
    readonly environment: string;
  };
  readonly secrets?: { readonly delivery?: "operator" | "sync" };
  /** How many there are. */
  readonly nodes?: number;
  readonly tailnet: { readonly controlUrl?: string; readonly tags?: readonly string[]; readonly registry?: boolean };
}

/** How an image is made (decisions of the manifest: `build`). */
export interface Build {
  readonly context: string;
  readonly file: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  /** Secrets of the build: the id that the Dockerfile mounts, and the variable that holds it. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly platforms?: readonly string[];
  /** Where the image is pushed, without a tag. */
  readonly repository: string;
}

/** The Pod Security level of a namespace. */
export type PodSecurity = "privileged" | "baseline" | "restricted";

/** A port of a component: the container's number, and that of its Service. */
export interface Port {
  readonly name: string;
  readonly port: number;
  readonly service: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly hostPort?: number;
}

/** What the actions go by when they judge a component's start. */
export interface Health {
  readonly path?: string;
  /** Seconds that a start may take, and whether the manifest says so. */
  readonly startup: { readonly within: number; readonly stated?: boolean };
  /** Failed exits after which it is given up. */
  readonly crashRestarts?: number;
}

/** One workload of an application; a single application has one, named `main`. */
export interface Component {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob";
  readonly name: string;
  readonly namespace: string;
  /** The labels that find its pods. */
  readonly selector: Readonly<Record<string, string>>;
  readonly containerName: string;
  readonly image: string;
  readonly build?: Build;
  readonly ports: readonly Port[];
  /** Name of the port that speaks HTTP, or empty. */
  readonly httpPort: string;
  /** Its number. */
  readonly port?: number;
  readonly service?: { readonly name: string; readonly headless?: string; readonly type?: string };
  /** Fewest pods; absent for kinds that do not count them. */
  readonly replicas?: number;
  readonly autoscaling?: { readonly min: number; readonly max: number };
  readonly health?: Health;
  /** When a Job runs. */
  readonly when?: "on-change" | "every-deploy" | "pre-deploy" | "post-deploy";
  readonly schedule?: string;
  /** Components that it comes after. */
  readonly after?: readonly string[];
  readonly initContainers: readonly {
    readonly containerName: string;
    readonly image: string;
    readonly sidecar?: boolean;
  }[];
  /** Whether its pods need the pull secret. */
  readonly pulls: boolean;
  /** The seed's static volume: the names of its claim and volume, and the folder on the node. */
  readonly storage?: {
    readonly claim: string;
    readonly volume: string;
    readonly hostPath: string;
    readonly size: string;
  };
}

/** Where a set of secrets or configuration is used; the suffix is of the copy that a Job before the deploy refers to. */
export interface Copy {
  readonly namespace: string;
  readonly suffix: string;
}

/** A set of secrets; the unnamed one of the manifest is `app`. */
export interface SecretSet {
  /** Environment and folder in Infisical. */
  readonly environment: string;
  readonly path?: string;
  /** The name that a Secret of this set starts with, or has. */
  readonly baseName: string;
  /** The Secret that pods refer to; a stand-in until the deploy has made that of a synced set. */
  readonly secretName: string;
  /** Made elsewhere. */
  readonly existing?: boolean;
  /** The deploy action makes the Secret, one for each content. */
  readonly synced?: boolean;
  /** The keys that are wanted: by variable for the set `app`, else each by itself. */
  readonly keys: Readonly<Record<string, string>>;
  /** Those that nothing needs: a variable without one is not set. */
  readonly optionalKeys?: readonly string[];
  readonly copies: readonly Copy[];
}

/** A set of configuration. */
export interface ConfigSet {
  readonly configName: string;
  readonly existing?: boolean;
  readonly data: Readonly<Record<string, string>>;
  readonly copies: readonly Copy[];
}

/** One address that leads to a component, or elsewhere. */
export interface Route {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
  readonly host: string;
  readonly path: string;
  readonly public: boolean;
  readonly url: string;
  readonly controller: "traefik" | "ingress" | "gateway";
  /** Where visitors are sent instead. */
  readonly redirect?: { readonly to: string; readonly preservePath: boolean };
  /** The Secret with the certificate; absent without TLS, and where the Gateway has it. */
  readonly tlsName?: string;
}

/** A check that a new revision must pass (decisions of the manifest: `verify`). */
export interface VerifyCheck {
  readonly http?: string;
  readonly run?: string;
  readonly logs?: string;
  readonly component?: string;
  readonly pods?: "one" | "all";
  readonly expect?: {
    readonly status?: number;
    readonly text?: string;
    readonly pattern?: string;
    /** The Secret, and the key in it, whose text must occur. */
    readonly secret?: { readonly name: string; readonly key: string };
  };
  /** As written: seconds, or a text as 30s. */
  readonly timeout?: string | number;
  readonly optional?: boolean;
}

/** An application as the chart resolved it for one environment. Nothing is merged in TypeScript. */
export interface Application {
  readonly name: string;
  readonly environment: string;
  readonly release: string;
  readonly namespace: string;
  /** The level for the label of the release's namespace. */
  readonly podSecurity: PodSecurity;
  /** The namespaces of the release and of its components, by name. */
  readonly namespaces: Readonly<Record<string, { readonly podSecurity: PodSecurity }>>;
  readonly deploy: DeployRule;
  readonly url: string;
  readonly addresses: readonly string[];
  readonly cluster: Cluster;
  readonly components: Readonly<Record<string, Component>>;
  readonly ingress: readonly Route[];
  readonly secrets: Readonly<Record<string, SecretSet>>;
  readonly config: Readonly<Record<string, ConfigSet>>;
  /** Objects that the manifest brings, by name. */
  readonly manifests: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The Secret that pods pull with, or empty. */
  readonly pullSecret: string;
  readonly verify: Readonly<Record<string, VerifyCheck>>;
  /** Advice by the regular expression that asks for it. */
  readonly hints: Readonly<Record<string, string>>;
  readonly rollback?: "never" | "auto";
}

/** What the chart remarks on beside the errors, of an application or of a manifest without an environment. */
export interface Remarks {
  /** What is most likely a mistake. */
  readonly warnings?: readonly RuleError[];
  /** Older spellings, what has no effect, and what the environment leaves out. */
  readonly notices: readonly Omit<RuleError, "code">[];
}

/** A rule of the language that the manifest breaks, as the chart reports it. */
export interface RuleError {
  readonly code: string;
  /** Keys from the root of the manifest, joined by dots. */
  readonly path: string;
  readonly message: string;
}
