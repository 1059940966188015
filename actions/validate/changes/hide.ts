import { isTree } from "./tree.ts";

/** Names whose value is a credential; in `TOKEN_TTL` or `PASSWORD_FILE` the last word says that it is none. */
const names =
  "(?:password|passwd|passphrase|pwd|secret|token|credential|(?:api|access|auth|cookie|encryption|master|private|secret|session|signing)[-_.]?key)s?";
const credentialName = new RegExp(`${names}$`, "i");

/** A credential with its name before it, as in `--token=abc` or a line of a settings file; not `$TOKEN`. */
const assigned = new RegExp(
  `((?:^|[\\s"'{,;&?-])[\\w.-]{0,60}${names}["']?[ \\t]*[:=][ \\t]*["']?)([^\\s"',;&$]+)`,
  "gi",
);
const privateKey = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;
const userInAddress = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)([^\s/@:]{0,200}:[^\s/@]{1,200})(?=@)/gi;
/** Tokens that tell what they are; `chart/templates/resolve/_advice.tpl` warns of the same, but for JSON web tokens. */
const token = new RegExp(
  `\\b(?:${[
    // GitHub, GitLab, Slack
    ...["gh[pousr]_\\w{20,}", "github_pat_\\w{20,}", "glpat-[\\w-]{20,}", "xox[abeprs]-[\\w-]{10,}"],
    // Amazon, Google, Stripe, npm, Tailscale
    ...[
      "AKIA[0-9A-Z]{16}",
      "AIza[\\w-]{35}",
      "[sr]k_(?:live|test)_\\w{10,}",
      "whsec_\\w{16,}",
      "npm_[A-Za-z0-9]{36}",
      "tskey-[\\w-]{20,}",
    ],
    // Models, and JSON web tokens
    ...["sk-[\\w-]{20,}", "eyJ[\\w-]{10,}\\.[\\w-]{5,}\\.[\\w-]*"],
  ].join("|")})`,
  "g",
);

/** Takes secrets out of objects and texts. */
export interface Hider {
  /** A copy of an object: the values of every Secret, and what looks like a credential anywhere else. */
  object<T>(object: T): T;
  text(text: string): string;
}

/** Equal secrets get equal marks from one hider, so that a comparison still shows where one has changed. */
export function createHider(): Hider {
  const marks = new Map<string, string>();
  const hide = (secret: string) => {
    const mark = marks.get(secret) ?? `<hidden ${marks.size + 1}>`;
    marks.set(secret, mark);
    return mark;
  };
  const text = (whole: string) =>
    whole
      .replaceAll(privateKey, hide)
      .replaceAll(token, hide)
      .replaceAll(userInAddress, (_, scheme: string, user: string) => `${scheme}${hide(user)}`)
      .replaceAll(assigned, (found, name: string, value: string) =>
        value.startsWith("<hidden") ? found : `${name}${hide(value)}`,
      );
  const all = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(all);
    return isTree(value) ? mapValues(value, all) : hide(String(value));
  };
  const visit = (value: unknown): unknown => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(visit);
    if (!isTree(value)) return value;
    const isSecret = value["kind"] === "Secret";
    const { name } = value;
    return mapValues(value, (inner, key) => {
      if (isSecret && (key === "data" || key === "stringData")) return all(inner);
      const isVariable = key === "value" && typeof name === "string" && credentialName.test(name);
      return typeof inner === "string" && (isVariable || credentialName.test(key)) ? hide(inner) : visit(inner);
    });
  };
  return { object: <T>(object: T) => visit(object) as T, text };
}

function mapValues(tree: Readonly<Record<string, unknown>>, change: (value: unknown, key: string) => unknown) {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, change(value, key)]));
}
