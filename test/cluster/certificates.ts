import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.ts";

/** The files of a certificate and its key. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Whom a certificate is for. */
export interface Subject {
  readonly commonName: string;
  /** Kubernetes reads groups from it. */
  readonly organization?: string;
  /** `IP:…` and `DNS:…`, for a server's certificate. */
  readonly alternativeNames?: readonly string[];
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
// An instance lives for hours; a year keeps one that somebody works with.
const days = ["-days", "365"];

/** Makes a certificate authority of its own in a folder. */
export async function makeAuthority(folder: string): Promise<Certificate> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = filesOf(folder, "ca");
  const extensions = ["-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"];
  await request(files, ["-subj", "/CN=fairlead-test", ...extensions, ...days]);
  return files;
}

/** Makes a key and lets the authority sign a certificate for it, for clients and servers alike. */
export async function issue(folder: string, name: string, authority: Certificate, subject: Subject) {
  const files = filesOf(folder, name);
  const organization = subject.organization === undefined ? "" : `/O=${subject.organization}`;
  const names = subject.alternativeNames ?? [];
  await request(files, [
    ...["-CA", authority.certificate, "-CAkey", authority.key],
    ...["-subj", `${organization}/CN=${subject.commonName}`, ...days],
    ...["-addext", "basicConstraints=critical,CA:false"],
    ...["-addext", "keyUsage=critical,digitalSignature"],
    ...["-addext", "extendedKeyUsage=clientAuth,serverAuth"],
    ...(names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`]),
  ]);
  return files;
}

/** Makes a bare RSA key pair, as tokens of service accounts are signed with. */
export async function makeSigningKey(file: string): Promise<void> {
  await run(["openssl", "genrsa", "-out", file, "2048"]);
}

async function request(files: Certificate, args: readonly string[]): Promise<void> {
  await run(["openssl", "req", "-x509", ...newKey, "-keyout", files.key, "-out", files.certificate, ...args]);
}

function filesOf(folder: string, name: string): Certificate {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}
