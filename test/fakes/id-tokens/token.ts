import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** Makes a JWT (RFC 7519) that is signed with RS256, as GitHub's are. */
export function makeIdToken(claims: Claims, key: KeyObject): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const content = `${encode({ typ: "JWT", alg: "RS256", kid: "stand-in" })}.${encode(claims)}`;
  return `${content}.${sign("RSA-SHA256", Buffer.from(content), key).toString("base64url")}`;
}

/** The claims of a token, or what `jsonwebtoken`, which Infisical verifies with, says of one that it does not accept. */
export function readIdToken(token: string, publicKey: string, now: number): { claims: Claims } | { fault: string } {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (signature === "" || more.length > 0) return { fault: "jwt malformed" };
  const content = Buffer.from(`${header}.${payload}`);
  if (!verify("RSA-SHA256", content, createPublicKey(publicKey), Buffer.from(signature, "base64url"))) {
    return { fault: "invalid signature" };
  }
  const claims: Claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  const seconds = Math.floor(now / 1_000);
  if (Number(claims["nbf"]) > seconds) return { fault: "jwt not active" };
  if (Number(claims["exp"]) <= seconds) return { fault: "jwt expired" };
  return { claims };
}
