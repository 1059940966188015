import type { Explained } from "../actions/core/errors.ts";

/** Every code that the templates give a broken rule, or a warning. `docs/errors.md` is generated from this table. */
export const chartCodes = {
  APP_AFTER: {
    cause: "Containers or components wait for each other, for one that is not there, or for what cannot be waited for.",
    fix: "Name another in `after`, or none.",
  },
  APP_CONFIG_INCOMPLETE: {
    cause: "A set of `config` lacks a key that its `metadata.required` names.",
    fix: "Add the key in this environment.",
  },
  APP_ENV_CYCLE: { cause: "Variables refer to each other.", fix: "Write the value of one of them out." },
  APP_ENV_MISSING: {
    cause: "No environment is chosen.",
    fix: "Pass `--set environment=…`; the actions do it themselves.",
  },
  APP_ENV_NONE: {
    cause: "A warning: the manifest declares no environment, so no push can deploy it.",
    fix: "Declare one under `environments`, as `staging: {}`.",
  },
  APP_ENV_TWICE: {
    cause: "A variable is plain and secret.",
    fix: "Remove one of the two; null removes what a lower layer sets.",
  },
  APP_ENV_UNDECLARED: {
    cause: "The manifest does not declare the environment.",
    fix: "Declare it under `environments`, or name one that is there.",
  },
  APP_EXTENDS: {
    cause: "`extends` names no component, or one that extends another itself.",
    fix: "Extend a component that is there and extends none; put what all share into `defaults`.",
  },
  APP_FILE_NOT_INLINED: {
    cause: "The text of a `file:` reached the chart as a path.",
    fix: "Deploy with the action, which puts it in; with plain Helm use `--set-file`.",
  },
  APP_FORM_TWICE: { cause: "Keys are given together of which only one may be given.", fix: "Keep one of them." },
  APP_HEALTH_PORT: {
    cause: "`health` asks a port that is not there or cannot be known.",
    fix: "Name a port `http`, or set `health.port`.",
  },
  APP_HEALTH_TCP: {
    cause: "Liveness would only ask whether a port listens.",
    fix: "Ask by path, exec or grpc, or set `liveness: false`.",
  },
  APP_HELM_VERSION: {
    cause: "Helm is older than 3.20.1, or than 4.1.3, and loses the nulls of a manifest.",
    fix: "Take a newer Helm.",
  },
  APP_HOST_PORT: {
    cause: "A port has another number on the network of the node than in its container, though both are one network.",
    fix: "Remove `hostPort`.",
  },
  APP_HOST_ZONE: {
    cause: "A host is outside of `cluster.ingress.zones`, and gets neither certificate nor record.",
    fix: "Take a host in a zone, or add the zone.",
  },
  APP_IMAGE_UNOWNED: {
    cause: "`deploy.images` names a component that does not exist.",
    fix: "Name one that does; a single application is `main`.",
  },
  APP_INGRESS_NO_COMPONENT: { cause: "A route leads to a component that does not exist.", fix: "Name one that does." },
  APP_INGRESS_NO_HOST: { cause: "A route has no host.", fix: "Set `host`." },
  APP_INGRESS_NO_PORT: {
    cause: "There is no port behind a route, or it is not clear which.",
    fix: "Give the component a port, or name one in the route.",
  },
  APP_INGRESS_REDIRECT: {
    cause: "A redirect leads to no address or to itself, or answers for a path only.",
    fix: "Give it a whole address elsewhere, and no `path`.",
  },
  APP_INGRESS_TWICE: { cause: "Two routes have the same host and path.", fix: "Change one, or remove it." },
  APP_INGRESS_UNSUPPORTED: {
    cause: "The controller of the cluster cannot make a route like this.",
    fix: "Leave out what the message names, or take another controller.",
  },
  APP_JOB_NO_SCHEDULE: { cause: "A CronJob has no `schedule`.", fix: 'Add one, as `"0 3 * * *"`.' },
  APP_LIMIT_LOW: {
    cause: "A limit of `resources` is below what is requested, which by default is 100m and 256Mi.",
    fix: "Raise the limit, or lower the request.",
  },
  APP_MANIFEST_INCOMPLETE: {
    cause:
      "An object of `manifests` has no apiVersion or kind, is no object, or asks `.App` for what it does not hold.",
    fix: "Write the object as `kubectl apply` takes it.",
  },
  APP_MANIFEST_INVALID: {
    cause: "An object of `manifests` has a name that Kubernetes does not take, or a Secret holds plain text as `data`.",
    fix: "Correct what the message names.",
  },
  APP_METRICS_PORT: {
    cause: "`metrics` names a port that the component does not have.",
    fix: "Name one of its ports.",
  },
  APP_MOUNT_TWICE: {
    cause: "Two things are mounted at one path, or one below a file.",
    fix: "Mount one of them elsewhere.",
  },
  APP_NAMESPACE_UNDECLARED: {
    cause: "A component is in a namespace that `spec.namespaces` lacks.",
    fix: "Declare the namespace.",
  },
  APP_NAME_INVALID: {
    cause: "A Service would get a name that does not begin with a letter.",
    fix: "Set `service.name`.",
  },
  APP_NAME_MISSING: { cause: "`metadata.name` is not set.", fix: "Set it." },
  APP_NAME_TOO_LONG: {
    cause: "A name is longer than Helm or Kubernetes takes.",
    fix: "Set a shorter one at the place that the message names.",
  },
  APP_NAME_TWICE: { cause: "Two objects would have one name.", fix: "Give one of them another." },
  APP_NETWORK_PEER: {
    cause: "A network policy names what is not there.",
    fix: "Name a component, `ingress`, `internet`, `namespace:name` or an address range.",
  },
  APP_NODE_ROLE: {
    cause: "A `nodeSelector` asks for `node-role.kubernetes.io/…`, a label that a kubelet may not give its own node.",
    fix: "Select by `node.kubernetes.io/role`.",
  },
  APP_NO_EFFECT: {
    cause: "A warning: a key of a component does nothing beside its kind or its other keys.",
    fix: "Take it out, or choose the kind that it is for.",
  },
  APP_NOTHING_RUNS: {
    cause: "No component and no object of `manifests` is left in an environment; a deploy would remove what runs.",
    fix: "Keep a component, or take the environment out of the manifest.",
  },
  APP_NOT_SAME: {
    cause: "A variable of `same` differs between two components, or one of them lacks it.",
    fix: "Set it in `defaults`, or take it off `same`.",
  },
  APP_NUMBER_PRECISION: {
    cause: "A number is beyond 2^53, and YAML cannot carry it exactly.",
    fix: "Write it in quotes.",
  },
  APP_PATCH_ENTRY: {
    cause: "An entry of a list in a patch does not say which entry it is laid over.",
    fix: "Add its `name`, or the key that the message names.",
  },
  APP_PATCH_INVALID: {
    cause: "A patch takes apiVersion, kind, metadata or spec from an object, or makes something else of them.",
    fix: "Patch what is below them.",
  },
  APP_PDB_BLOCKS: { cause: "A disruption budget lets no pod ever leave its node.", fix: "Set `maxUnavailable: 1`." },
  APP_PLATFORM_SERVICE: {
    cause: "The cluster has no service of this name.",
    fix: "Name one of `cluster.platformServices`.",
  },
  APP_POD_SECURITY: {
    cause: "The declared Pod Security level is below what the application needs.",
    fix: "Raise `podSecurity`, or leave out what the message names.",
  },
  APP_PORT_INCOMPLETE: { cause: "A port has no number.", fix: "Set `port`." },
  APP_PORT_TWICE: {
    cause: "Two ports cannot be told apart by a Service or a node.",
    fix: "Give one of them another number.",
  },
  APP_PRESTOP_LONG: {
    cause: "`preStop`, by default 5 s, takes longer than `terminationGracePeriod` gives the pod to end.",
    fix: "Set a shorter `preStop`, or a longer time to end.",
  },
  APP_QUANTITY_INVALID: { cause: "A value is no Kubernetes quantity.", fix: "Write for example 100m, 256Mi or 1.5Gi." },
  APP_RBAC_RULE: {
    cause: "A rule of `rbac` lacks apiGroups or resources, or names paths where only objects can be.",
    fix: "Write what the message names.",
  },
  APP_REFERENCE_EMPTY: {
    cause: "A variable or file says nothing of where its value comes from.",
    fix: "Give a value, or one of the sources that the message lists.",
  },
  APP_REFERENCE_UNKNOWN: { cause: "A set or key is not declared.", fix: "Declare it, or correct its name." },
  APP_REPLICAS: { cause: "An autoscaler has no `max`, or one below `min`.", fix: "Set `max`, not below `min`." },
  APP_ROLLOUT_STUCK: {
    cause: "`maxSurge` and `maxUnavailable` let no pod be replaced, or are both set for a DaemonSet.",
    fix: "Set one of them.",
  },
  APP_SCHEDULE_INVALID: {
    cause: "A `schedule` is not one of five fields that a CronJob understands, or names a time zone.",
    fix: 'Write minute, hour, day of the month, month and day of the week, as `"0 3 * * 1-5"`; the time zone goes into `patch.workload.spec.timeZone`.',
  },
  APP_SCALER_BLIND: {
    cause: "An autoscaler measures use against a request that the component does not make.",
    fix: "Set `resources.cpu` or `resources.memory`, or scale by the other.",
  },
  APP_SECRET_INCOMPLETE: {
    cause: "A set of secrets has neither `path` nor `existingSecret`, or is used whole without `keys`.",
    fix: "Add what the message names.",
  },
  APP_SECRET_PLAIN: {
    cause:
      "An address with a password or a key, or what looks like a token, is plain, where everyone who sees the pod can read it.",
    fix: "Keep it in a secret.",
  },
  APP_SECRET_UNDELIVERED: {
    cause: "The delivery of secrets is `sync`, and no Secret was made for a set.",
    fix: "Deploy with the action, or set the delivery `operator`.",
  },
  APP_SECRET_UNOWNED: {
    cause:
      "`secrets.env` stands beside components and nothing says which of them gets it, or `deploy.secrets` is of no set.",
    fix: "Write it in the component: `env: {NAME: {secret: app/NAME}}`; name a set that is declared.",
  },
  APP_SECURITY_CONTEXT: {
    cause: "Settings of a `securityContext` contradict each other.",
    fix: "Remove one of those that the message names.",
  },
  APP_SKIP: {
    cause: "`skip-jobs` (`deploy.skip`) names what is no Job beside other components.",
    fix: "Name Jobs of the manifest, or leave the input out.",
  },
  APP_SPEC_MIXED: {
    cause: "`spec` is one application and has `components` too.",
    fix: "Move the key into `defaults` or into a component.",
  },
  APP_STORAGE_INCOMPLETE: { cause: "`storage` has no size or no mountPath.", fix: "Add it." },
  APP_STORAGE_SHARED: {
    cause: "Several pods would write to one `storage`.",
    fix: "Set `replicas: 1`, or remove `storage`.",
  },
  APP_SURGE_PORT: {
    cause: "New pods want the port of the node that the old ones hold.",
    fix: "Leave `maxSurge` out.",
  },
  APP_TIME_INVALID: { cause: "A value is no time.", fix: "Write for example 90s, 5m or 1h30m." },
  APP_TOLERATION: { cause: "A toleration says two things at once.", fix: "Remove what the message names." },
  APP_VERIFY_EMPTY: { cause: "A check has nothing to look at.", fix: "Set `http`, `run` or `logs`." },
  APP_VERIFY_NO_COMPONENT: { cause: "A check names a component that does not exist.", fix: "Name one that does." },
  APP_VOLUME_EARLY: {
    cause: "A Job before the deploy mounts a claim that comes with the deploy.",
    fix: "Use `existingClaim` or `emptyDir`.",
  },
  APP_VOLUME_INCOMPLETE: {
    cause: "A volume has no place or no source.",
    fix: "Set `mountPath` and one of `size`, `existingClaim`, `hostPath` and `emptyDir`.",
  },
  APP_VOLUME_PER_REPLICA: {
    cause: "A claim for each pod is asked for outside of a StatefulSet.",
    fix: "Set `kind: StatefulSet`, or remove `perReplica`.",
  },
  APP_VOLUME_SHARED: {
    cause: "Several pods would write to one claim.",
    fix: "Set `perReplica` in a StatefulSet, `readOnly`, or `replicas: 1`.",
  },
  APP_VOLUME_TWICE: { cause: "`storage` and `volumes.data` are the same volume.", fix: "Remove one of them." },
} as const satisfies Readonly<Record<string, Explained>>;
