import { BlockList, isIPv4 } from "node:net";
import { messageOf } from "./errors.ts";
import { type HttpAnswer, request, speaksPlainHttp } from "./http.ts";

/** A reference to an image, taken apart. */
export interface ImageReference {
  /** Host with its port. */
  readonly host: string;
  readonly repository: string;
  /** A tag, or a digest. */
  readonly version: string;
}

/** A login at a registry. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** What a registry says of an image; `unknown` when it could not be asked from here. */
export type Pullability =
  | {
      readonly state: "there" /** `linux/amd64`, …; undefined where it was not told. */;
      readonly platforms: readonly string[] | undefined;
    }
  | { readonly state: "absent" | "denied" | "unknown"; readonly reason: string };

/** Takes a reference apart as Docker does: what has no host in front is on Docker Hub. */
export function parseReference(reference: string): ImageReference {
  const [, name = reference, digest] = /^(.+?)@(sha256:[0-9a-f]{64})$/.exec(reference) ?? [];
  const [, untagged = name, tag] = /^(.+):([\w][\w.-]{0,127})$/.exec(name) ?? [];
  const version = digest ?? tag ?? "latest";
  const [first = "", ...rest] = untagged.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (hasHost) return { host: first, repository: rest.join("/"), version };
  const repository = untagged.includes("/") ? untagged : `library/${untagged}`;
  return { host: dockerHub, repository, version };
}

/** The host behind references that name none. */
export const dockerHub = "registry-1.docker.io";

/** How a registry is asked. */
export interface RegistryQuestion {
  readonly login: RegistryLogin | undefined;
  /** Milliseconds for all calls. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Asks a registry whether an image can be pulled with a login (OCI distribution specification 1.1, "Pulling manifests"). */
export async function askRegistry(reference: ImageReference, question: RegistryQuestion): Promise<Pullability> {
  const { host, repository, version } = reference;
  try {
    const read = openRepository(`https://${host}`, reference, question);
    const { answer, platforms } = await readImage(read, reference).catch((thrown) => {
      if (!speaksPlainHttp(thrown) || !isPrivate(host)) throw thrown;
      return readImage(openRepository(`http://${host}`, reference, question), reference);
    });
    if (answer.status === 200) return { state: "there", platforms };
    if (answer.status === 404) return { state: "absent", reason: `${host} has no ${repository} ${version}` };
    if (answer.status === 401 || answer.status === 403) {
      return {
        state: "denied",
        reason: question.login === undefined ? `${host} wants a login` : `${host} refuses the login`,
      };
    }
    return { state: "unknown", reason: `${host} answers with HTTP ${answer.status}` };
  } catch (thrown) {
    question.signal.throwIfAborted();
    return { state: "unknown", reason: `${host} cannot be asked from here: ${messageOf(thrown)}` };
  }
}

/** What is read of an index, or of the manifest of a single image. */
interface ImageManifest {
  readonly manifests?: readonly { readonly platform?: Platform }[];
  readonly config?: { readonly digest?: string };
}

interface Platform {
  readonly os?: string;
  readonly architecture?: string;
}

/** An image's manifest, and the platforms that it was built for; undefined where that was not told. */
async function readImage(read: Read, { host, version }: ImageReference) {
  // Docker Hub counts a GET as a pull, and limits those.
  const answer = await read(`manifests/${version}`, host === dockerHub ? "HEAD" : "GET");
  if (answer.status !== 200 || answer.body === "") return { answer, platforms: undefined };
  const { manifests, config }: ImageManifest = JSON.parse(answer.body);
  // What is no image in an index (an attestation) has the platform `unknown/unknown`.
  const platforms = manifests
    ?.flatMap(({ platform }) => platformName(platform))
    .filter((one) => one !== "unknown/unknown");
  return { answer, platforms: platforms ?? (await platformOf(read, config?.digest)) };
}

/** The manifest of a single image does not tell its platform, but its configuration does. */
async function platformOf(read: Read, digest: string | undefined): Promise<string[] | undefined> {
  if (digest === undefined) return undefined;
  const { status, body } = await read(`blobs/${digest}`, "GET");
  const [name] = status === 200 ? platformName(JSON.parse(body)) : [];
  return name === undefined ? undefined : [name];
}

function platformName({ os, architecture }: Platform = {}): string[] {
  return os && architecture ? [`${os}/${architecture}`] : [];
}

/** Addresses that no public registry has: only there a login is sent without TLS (RFC 1918, RFC 6598, loopback). */
function isPrivate(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  if (name === "localhost") return true;
  const ranges = new BlockList();
  ranges.addSubnet("10.0.0.0", 8);
  ranges.addSubnet("172.16.0.0", 12);
  ranges.addSubnet("192.168.0.0", 16);
  ranges.addSubnet("100.64.0.0", 10);
  ranges.addSubnet("127.0.0.0", 8);
  return isIPv4(name) && ranges.check(name);
}

/** Reads something of a repository, `manifests/latest`. */
type Read = (what: string, method: "GET" | "HEAD") => Promise<HttpAnswer>;

/** Logs in when it is asked to, and stays so for further questions. */
function openRepository(origin: string, { repository }: ImageReference, question: RegistryQuestion): Read {
  let login: Record<string, string> = {};
  return async (what, method) => {
    const url = `${origin}/v2/${repository}/${what}`;
    const ask = () => request({ ...call(question), url, method, headers: { accept: manifestTypes, ...login } });
    const first = await ask();
    if (first.status !== 401 || login["authorization"] !== undefined) return first;
    const authorization = await authorize(first.headers.get("www-authenticate") ?? "", question);
    if (authorization === undefined) return first;
    login = { authorization };
    return await ask();
  };
}

/** The header that a registry asks for in its challenge, a Basic login or a token from its token server. */
async function authorize(challenge: string, question: RegistryQuestion): Promise<string | undefined> {
  const { login } = question;
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  if (/^basic /i.test(challenge)) return basic;
  const parts = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  if (!/^bearer /i.test(challenge) || !parts["realm"]) return undefined;
  const url = new URL(parts["realm"]);
  for (const key of ["service", "scope"]) if (parts[key]) url.searchParams.set(key, parts[key]);
  const answer = await request({
    ...call(question),
    url,
    headers: basic === undefined ? {} : { authorization: basic },
  });
  if (answer.status !== 200) return undefined;
  const { token, access_token: accessToken }: { token?: string; access_token?: string } = JSON.parse(answer.body);
  return `Bearer ${token ?? accessToken}`;
}

function call({ timeout, signal }: RegistryQuestion) {
  return { timeout, signal };
}
