import { FairleadError, type Place } from "../../core/errors.ts";
import { secretObjects } from "../delivery/secrets.ts";
import { pullSecretName } from "../namespace.ts";
import type { Revision } from "../releases/revision.ts";
import { readObjects } from "../rendered/objects.ts";
import { podTemplates } from "../rendered/templates.ts";
import { placed } from "../report/place.ts";
import { type Deploy, scopeOf } from "../rollout.ts";
import { checkClasses } from "./classes.ts";
import { dryRun } from "./dry-run.ts";
import { checkEnvironment } from "./environment.ts";
import { checkHostPorts } from "./host-ports.ts";
import { checkImages } from "./images.ts";
import { unmeasured } from "./metrics.ts";
import type { Obstacle } from "./obstacle.ts";
import { checkPermissions } from "./permissions.ts";
import { checkQuotas, readQuotas } from "./quota.ts";
import { checkReferences } from "./references.ts";
import { checkSize } from "./size.ts";

/** What cannot be looked at, because a dry run makes nothing. */
export interface LeftOpen {
  /** Namespaces that are not there: the API server cannot judge what would be in them. */
  readonly absent?: readonly string[];
  /** Images that would be built first. */
  readonly unbuilt?: readonly string[];
}

/**
 * Looks at everything that can be known before a release is touched, all at once, and lists all that is in the way.
 *
 * @param newest the newest revision of the release, if there is one.
 * @param open what a dry run leaves open.
 * @throws FairleadError with the code of what was found, PREFLIGHT_FAILED for several kinds; the release is as it was.
 */
export async function preflight(
  deploy: Deploy,
  newest: Revision | undefined,
  { absent = [], unbuilt = [] }: LeftOpen = {},
): Promise<void> {
  const { cluster, known, application, rendered, inputs, context } = deploy;
  const { namespace, namespaces } = application;
  const foreign = checkEnvironment(newest, application);
  // Whatever else were found would be about taking the place of the other.
  if (foreign.length > 0) throw obstacleError(foreign, context.masker.redact, {});
  const { instance } = scopeOf(application);
  const objects = await readObjects(rendered);
  const templates = podTemplates(objects, namespace);
  const all = Object.keys(namespaces);
  const pullSecret = pullSecretName(application.name);
  const secrets = secretObjects(application, deploy.secrets);
  const made = new Set([
    ...(inputs.pullCredentials === undefined ? [] : all.map((one) => `${one}/${pullSecret}`)),
    ...secrets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  ]);
  // Helm merges the objects of a new release by the server, and goes on as the last revision was made.
  const owned = newest === undefined || newest.words?.applyMethod === "ssa";
  const [{ resources }, quotas] = await Promise.all([known, readQuotas(cluster, all)]);
  const warning = unmeasured(resources, objects);
  if (warning !== undefined) context.runner.annotate("warning", warning, "Autoscaler");
  const found = await Promise.all([
    checkPermissions(deploy, objects),
    checkImages(deploy, templates, unbuilt),
    checkReferences(cluster, objects, templates, namespace, made),
    checkClasses(cluster, objects, namespace),
    checkHostPorts(cluster, templates, instance),
    checkQuotas(cluster, resources, quotas, { objects, namespace, instance, owned }),
    dryRun(
      cluster,
      resources,
      [...secrets, ...objects].filter(({ metadata }) => !absent.includes(metadata?.namespace ?? namespace)),
      templates.filter((template) => !absent.includes(template.namespace)),
      application,
      { owned, quotas },
    ),
  ]);
  const { content, overlay } = deploy.source.manifest;
  const size = checkSize({ values: [content, overlay], rendered }, objects);
  const obstacles = relevant([...found.flat(), ...size]);
  if (obstacles.length > 0) throw obstacleError(obstacles, context.masker.redact, await firstPlace(deploy, obstacles));
}

/** Where permissions are missing, the dry run says the same again in its own words, without a Role. */
function relevant(obstacles: readonly Obstacle[]): readonly Obstacle[] {
  const told = obstacles.some(({ code, details }) => code === "CLUSTER_FORBIDDEN" && details !== undefined);
  return obstacles.filter(({ code, details }) => !told || code !== "CLUSTER_FORBIDDEN" || details !== undefined);
}

/** The place of the first obstacle that has one: a step gives one annotation, which names all of them. */
async function firstPlace(deploy: Deploy, obstacles: readonly Obstacle[]): Promise<{ readonly place?: Place }> {
  const places = await Promise.all(obstacles.map(({ cause, subject }) => placed(deploy, { cause, ...subject })));
  return places.find(({ place }) => place !== undefined) ?? {};
}

/** The one error that tells all obstacles. */
export function obstacleError(
  obstacles: readonly Obstacle[],
  redact: (text: string) => string,
  place: { readonly place?: Place },
): FairleadError {
  const [first] = obstacles;
  const codes = new Set(obstacles.map(({ code }) => code));
  const causes = obstacles.map(({ cause }) => cause).join("; ");
  const fixes = [...new Set(obstacles.map(({ fix }) => fix))];
  // One obstacle without details of its own is all in the message.
  const told = obstacles.length === 1 && first?.details === undefined;
  const details = obstacles.map(({ cause, fix, details = "" }) =>
    [`${cause}. ${fix}`, details].filter((part) => part !== "").join("\n"),
  );
  return new FairleadError({
    code: codes.size === 1 && first !== undefined ? first.code : "PREFLIGHT_FAILED",
    message: redact(`${causes.charAt(0).toUpperCase()}${causes.slice(1)}. Nothing was changed.`),
    fix: fixes.length === 1 ? (fixes[0] ?? "") : "The job's log says what to do about each.",
    ...(told ? {} : { details: redact(details.join("\n")) }),
    ...place,
  });
}
