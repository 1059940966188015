/** How a push finds an environment; an empty branch is the default branch of the repository. */
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

/** One workload of an application; a single application has one, named `main`. */
export interface Component {
  readonly name: string;
  readonly namespace: string;
  readonly kind: string;
  /** Its container in its pods. */
  readonly containerName: string;
  readonly replicas?: number;
  readonly service?: { readonly name: string };
  readonly ports?: readonly { readonly name: string; readonly port: number; readonly service: number }[];
  /** The name of the port that speaks HTTP, or empty. */
  readonly httpPort?: string;
  readonly image: string;
  readonly build?: Build;
  /** Keys of the components that it comes after. */
  readonly after?: readonly string[];
  readonly health?: {
    readonly path?: string;
    /** Seconds that it may take to start. */
    readonly startup: { readonly within: number };
    /** Failed exits after which it is given up. */
    readonly crashRestarts?: number;
  };
}

/** A check that a new revision must pass (decisions of the manifest: `verify`). */
export interface VerifyCheck {
  /** A path of the component, or a URL. */
  readonly http?: string;
  /** A script for a pod of the component. */
  readonly run?: string;
  /** A regular expression that its logs must hold. */
  readonly logs?: string;
  readonly component?: string;
  readonly pods?: "one" | "all";
  readonly expect?: {
    readonly status?: number;
    readonly text?: string;
    readonly pattern?: string;
    readonly secret?: { readonly name: string; readonly key: string };
  };
  /** As `30s`, or seconds. */
  readonly timeout?: string | number;
  readonly optional?: boolean;
}

/** A way in from outside. */
export interface Route {
  readonly namespace: string;
  readonly url: string;
  readonly public: boolean;
  readonly controller: string;
  readonly tlsName?: string;
}

/** An application as the chart resolved it for one environment. Nothing is merged in TypeScript. */
export interface Application {
  readonly name: string;
  readonly environment: string;
  readonly release: string;
  readonly namespace: string;
  /** The level for the namespace's pod-security label. */
  readonly podSecurity: "privileged" | "baseline" | "restricted";
  /** All namespaces of the application, the release's own included. */
  readonly namespaces: Readonly<Record<string, { readonly podSecurity: string }>>;
  readonly ingress: readonly Route[];
  readonly verify: Readonly<Record<string, VerifyCheck>>;
  /** Advice by the pattern in logs or events that it is for. */
  readonly hints: Readonly<Record<string, string>>;
  readonly url: string;
  readonly cluster: Cluster;
  readonly components: Readonly<Record<string, Component>>;
}

/** What the chart remarks on beside the errors, of an application or of a manifest without an environment. */
export interface Remarks {
  /** What is most likely a mistake. */
  readonly warnings?: readonly RuleError[];
  /** Older spellings, and what the environment leaves out. */
  readonly notices: readonly Omit<RuleError, "code">[];
}

/** A rule of the language that the manifest breaks, as the chart reports it. */
export interface RuleError {
  readonly code: string;
  /** Keys from the root of the manifest, joined by dots. */
  readonly path: string;
  readonly message: string;
}
