/** Something that a job left behind or showed, to be searched for secrets. */
export interface Evidence {
  /** Where it was, in words. */
  readonly place: string;
  readonly content: string | Buffer;
}

/** Thrown when a secret got out. It names the place and the form, never the secret. */
export class LeakError extends Error {
  readonly leaks: readonly string[];
  constructor(leaks: readonly string[]) {
    super(`secrets got out:\n${leaks.map((leak) => `  ${leak}`).join("\n")}`);
    this.name = "LeakError";
    this.leaks = leaks;
  }
}

const shortest = 16;

/**
 * Looks for each secret, as it is and in the forms in which programs write it, in every byte of the evidence.
 *
 * @throws LeakError that lists every place; Error when a secret is too short to tell from chance.
 */
export function assertNoLeaks(secrets: readonly string[], evidence: readonly Evidence[]): void {
  const leaks: string[] = [];
  for (const [index, secret] of secrets.entries()) {
    if (secret.length < shortest) throw new Error(`secret ${index + 1} has fewer than ${shortest} characters`);
    for (const { place, content } of evidence) {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      const form = formsOf(secret).find(({ text }) => bytes.includes(text));
      if (form !== undefined) leaks.push(`secret ${index + 1} (${form.name}) in ${place}`);
    }
  }
  if (leaks.length > 0) throw new LeakError(leaks);
}

/** Raw output without the lines whose purpose is to tell the runner a secret. */
export function withoutMaskCommands(raw: Buffer): Buffer {
  const lines = raw.toString("latin1").split("\n");
  return Buffer.from(lines.filter((line) => !/^\s*::add-mask::/.test(line)).join("\n"), "latin1");
}

function formsOf(secret: string): { name: string; text: string }[] {
  return [
    { name: "as it is", text: secret },
    { name: "in JSON", text: JSON.stringify(secret).slice(1, -1) },
    { name: "as a workflow command", text: escapeData(secret) },
    { name: "in a web address", text: encodeURIComponent(secret) },
    ...[0, 1, 2].flatMap((offset) => {
      const text = base64Core(secret, offset);
      return [
        { name: "base64", text },
        { name: "base64url", text: text.replaceAll("+", "-").replaceAll("/", "_") },
      ];
    }),
  ];
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/**
 * The characters of base64 that depend on the secret alone when `offset` bytes (modulo 3) stand before it, so that
 * it is found inside longer encoded text such as `user:password`.
 */
function base64Core(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const firstWhole = Math.ceil((offset * 8) / 6);
  const endWhole = Math.floor((bytes.length * 8) / 6);
  return bytes.toString("base64").slice(firstWhole, endWhole);
}
