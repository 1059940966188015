import { stringify } from "yaml";
import { randomFrom } from "../../test/manifests/random.ts";
import { write } from "./formats.ts";
import type { FileFormat } from "./inputs.ts";
import type { Named } from "./selection.ts";

/** What breaks the reading of variables, files and commands somewhere. */
const awkward = [
  "'",
  '"',
  "`",
  "''",
  "\\",
  "\\n",
  "\\'",
  "$",
  "${HOME}",
  "$(id)",
  "`id`",
  "!",
  "#",
  " #",
  "=",
  "==",
  ";",
  "&",
  "|",
  "*",
  "~",
  "%",
  "%0A",
  "%25",
  "<<EOF",
  "EOF",
  "::add-mask::",
  "::stop-commands::x",
  "export A=1",
  "\n",
  "\n\n",
  "\r\n",
  "\r",
  "\t",
  " ",
  "  ",
  "\u00a0",
  "\u2028",
  "\u0085",
  "\ufeff",
  "\u0001",
  "\u001b[0m",
  "é",
  "ß",
  "漢字",
  "🙂",
  "{",
  "}",
  "- ",
  ": ",
  "-----BEGIN KEY-----\n",
  "null",
  "true",
  "0x10",
  "A=B\nC=D",
] as const;

const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-.";

/** Random secrets: empty, short, long, of several lines, and with whatever breaks a reader. The same seed, the same secrets. */
export function randomSecrets(count: number, seed: number): readonly Named[] {
  const random = randomFrom(seed);
  const word = () => Array.from({ length: random.between(1, 24) }, () => random.pick([...plain])).join("");
  // One in a hundred cannot be text of a program at all.
  const impossible = () => (random.chance(0.005) ? "\0" : random.chance(0.005) ? "\ud800" : "");
  const part = () => (random.chance(0.4) ? random.pick(awkward) : word());
  return Array.from({ length: count }, (_, index) => {
    const parts = Array.from({ length: random.below(7) }, part);
    return { key: `S_${index}`, name: `S_${index}`, folder: "/", value: parts.join("") + impossible() };
  });
}

/** A kubeconfig as somebody stores it, what in it is secret, and lines of it that are not. */
export interface RandomKubeconfig {
  /** One that says what it is, or one that does not. */
  readonly name: string;
  readonly value: string;
  readonly text: string;
  readonly secret: readonly string[];
  readonly plain: readonly string[];
}

/** Random kubeconfigs with one user or several, as YAML, JSON or base64 of them. The same seed, the same kubeconfigs. */
export function randomKubeconfigs(count: number, seed: number): readonly RandomKubeconfig[] {
  const random = randomFrom(seed);
  const word = (length: number) => Array.from({ length }, () => random.pick([...plain])).join("");
  const user = (index: number) => {
    const key = `-----BEGIN EC PRIVATE KEY-----\n${word(64)}\n${word(40)}\n-----END EC PRIVATE KEY-----\n`;
    const fields = {
      token: word(random.between(8, 200)),
      password: word(random.between(8, 30)),
      "client-key-data": Buffer.from(key).toString("base64"),
      "client-certificate-data": Buffer.from(word(300)).toString("base64"),
    };
    const provider = { "id-token": word(120), "refresh-token": word(60), "client-secret": word(30) };
    const variables = [word(20), word(40)];
    const chosen = random.some(Object.entries(fields), 0.6);
    const others = random.some(
      [
        { field: ["auth-provider", { name: "oidc", config: provider }], secret: Object.values(provider) },
        {
          field: ["exec", { command: "login", env: variables.map((value, at) => ({ name: `V_${at}`, value })) }],
          secret: variables,
        },
      ] as const,
      0.4,
    );
    const lines = chosen.some(([name]) => name === "client-key-data") ? key.split("\n").slice(1, 3) : [];
    return {
      entry: { name: `user-${index}`, user: Object.fromEntries([...chosen, ...others.map(({ field }) => field)]) },
      secret: [...chosen.map(([, value]) => value), ...lines, ...others.flatMap(({ secret }) => secret)],
    };
  };
  return Array.from({ length: count }, () => {
    const users = Array.from({ length: random.between(1, 3) }, (_, index) => user(index));
    const authority = Buffer.from(word(200)).toString("base64");
    const password = word(16);
    const proxy = random.chance(0.3) ? { "proxy-url": `http://ci:${encodeURIComponent(password)}@proxy:3128` } : {};
    const cluster = { server: "https://10.0.0.1:6443", "certificate-authority-data": authority, ...proxy };
    const document = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "main",
      clusters: [{ name: "main", cluster }],
      contexts: [{ name: "main", context: { cluster: "main", user: "user-0" } }],
      users: users.map(({ entry }) => entry),
    };
    const text = random.chance(0.5) ? stringify(document) : JSON.stringify(document, null, random.below(3));
    const lines = text.split("\n").filter((line) => /apiVersion|kind|server:|current-context/.test(line));
    const encoded = Buffer.from(text).toString("base64");
    const value = random.chance(0.5) ? text : encoded;
    const hidden = "proxy-url" in proxy ? [password, encodeURIComponent(password)] : [];
    const secret = [authority, ...users.flatMap((each) => each.secret), ...hidden, encoded];
    const name = random.pick(["KUBECONFIG_BASE64", "CLUSTER_ACCESS"]);
    return { name, value, text, secret, plain: text.includes("\n") ? lines : [] };
  });
}

/** Those that a format takes, one by one, and the text of a file with all of them. */
export function writable(secrets: readonly Named[], format: FileFormat): { taken: readonly Named[]; text: string } {
  const taken = secrets.filter((secret) => "text" in write([secret], format));
  const written = write(taken, format);
  if (!("text" in written)) throw new Error("what can be written one by one cannot be written together");
  return { taken, text: written.text };
}

/** Parts of a list, each of at most so many. */
export function batches<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
