import { FairleadError } from "../../core/errors.ts";
import { mapSome } from "../../core/map-some.ts";
import { clientOf, type OwnerClient, together } from "../access/clients.ts";
import { findRepository, listRepositories, type Repository, readFile } from "../api/github.ts";
import type { Line } from "./list.ts";
import { type Declared, manifestFile, type ReadManifests } from "./manifests.ts";

/** A repository that was asked for, as far as it could be looked at. */
export interface Surveyed {
  readonly line: Line;
  /** Found by its owner; what it lacks is then no fault of the list. */
  readonly discovered: boolean;
  readonly repository?: Repository;
  readonly declared?: Declared | undefined;
  /** Why nothing of it can be deployed. */
  readonly fault?: string;
  /** Whether the fault is that an app cannot be read, so that a bootstrap without it is not whole. */
  readonly unreadable?: boolean;
}

/** What is surveyed. */
export interface SurveyOptions {
  readonly lines: readonly Line[];
  /** Owners whose repositories are discovered. */
  readonly owners: readonly string[];
  /** Owners whose repositories with a manifest are told of, if they are not listed. */
  readonly alsoTold: readonly string[];
  readonly topic: string | undefined;
  readonly readManifests: ReadManifests;
  readonly releases: boolean;
}

/** Repositories of one owner that are looked at at the same time. */
const atOnce = 16;

/**
 * Looks at all repositories that are listed, and at all of the owners that hold a manifest. Nothing is dispatched.
 *
 * @throws FairleadError GITHUB_REJECTED when a token is refused for every repository of its owner.
 */
export async function survey(
  clients: ReadonlyMap<string, OwnerClient>,
  { lines, owners, alsoTold, topic, readManifests, releases }: SurveyOptions,
): Promise<Surveyed[]> {
  const discovered = await Promise.all(
    [...owners, ...alsoTold].map((owner) => discover(clientOf(clients, owner), owner, topic, lines)),
  );
  const asked = [...lines.map((line) => ({ line, discovered: false })), ...discovered.flat()];
  const texts = new Map<string, string>();
  const byOwner = Map.groupBy(asked, ({ line }) => line.owner.toLowerCase());
  const looked = new Map<Surveyed, Surveyed>();
  const refusedOwners: FairleadError[] = [];
  await Promise.all(
    [...byOwner].map(async ([owner, ofOwner]) => {
      const client = clientOf(clients, owner);
      // Two lines of one repository are two refs of it.
      const groups = [...Map.groupBy(ofOwner, ({ line }) => line.repository.toLowerCase()).values()];
      const refused = await mapSome(groups, atOnce, async (group) => {
        const found = await lookAt(client, group[0] as Surveyed);
        if (found.text !== undefined && found.repository !== undefined) texts.set(found.repository.name, found.text);
        for (const one of group) looked.set(one, { ...one, ...found.about });
        return found.refused;
      });
      // What is refused for every repository lies with the token.
      const [first] = refused;
      if (first !== undefined && refused.every((each) => each !== undefined)) refusedOwners.push(first);
    }),
  );
  if (refusedOwners.length > 0) throw together(refusedOwners);
  const manifests = await readManifests(texts, releases);
  const surveyed = asked.map((one) => withManifest(looked.get(one) ?? one, manifests));
  const told = new Set(alsoTold.map((owner) => owner.toLowerCase()));
  const isTold = ({ line, discovered }: Surveyed) => discovered && told.has(line.owner.toLowerCase());
  return surveyed
    .filter((one) => !isTold(one) || one.fault === undefined)
    .map((one) => (isTold(one) ? { ...one, fault: `It holds ${manifestFile}, but is not on the list.` } : one));
}

async function discover(client: OwnerClient, owner: string, topic: string | undefined, lines: readonly Line[]) {
  const listed = new Set(lines.map(({ repository }) => repository.toLowerCase()));
  const found = await listRepositories(client, client.installation);
  return found
    .filter(({ name, topics }) => !listed.has(name.toLowerCase()) && (topic === undefined || topics.includes(topic)))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((repository): Surveyed => ({ line: { owner, repository: repository.name }, discovered: true, repository }));
}

interface Found {
  /** What GitHub refused to tell. */
  readonly refused?: FairleadError;
  readonly about: Partial<Surveyed>;
  readonly repository?: Repository;
  readonly text?: string | undefined;
}

async function lookAt(client: OwnerClient, { line, repository: known }: Surveyed): Promise<Found> {
  const fault = (text: string): Found => ({ about: { fault: text } });
  try {
    const repository = known ?? (await findRepository(client, line.repository));
    if (repository === undefined) {
      return fault(
        `${line.repository} does not exist, or the token of ${line.owner} may not see it. Correct the line, or give the token access to the repository.`,
      );
    }
    if (repository.archived) {
      return fault(`${line.repository} is archived. Take it off the list, or unarchive it in its settings.`);
    }
    // A user without the role "write" is refused whatever the token may do; an App's permissions are its own.
    if (repository.writable === false && !client.installation) {
      return fault(
        `The user of the token of ${line.owner} may not write to ${line.repository}. Give this user the role "write" there.`,
      );
    }
    const text = await readFile(client, repository.name, manifestFile, repository.defaultBranch);
    return { about: { repository }, repository, text };
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "GITHUB_REJECTED") throw thrown;
    return { about: { fault: thrown.sentence, unreadable: true }, refused: thrown };
  }
}

function withManifest(one: Surveyed, manifests: ReadonlyMap<string, Declared | FairleadError>): Surveyed {
  if (one.fault !== undefined || one.repository === undefined) return one;
  const declared = manifests.get(one.repository.name);
  if (declared instanceof FairleadError) return { ...one, fault: declared.sentence, unreadable: true };
  if (declared === undefined && one.discovered) return { ...one, fault: `It holds no ${manifestFile}.` };
  return { ...one, declared };
}
