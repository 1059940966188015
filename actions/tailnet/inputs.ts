import {
  boolean,
  choice,
  duration,
  type Environment,
  integer,
  optional,
  readInputs,
  required,
  text,
} from "../core/inputs.ts";
import { type Probe, probes } from "./probe.ts";

/** What joining a tailnet needs. */
export interface TailnetInputs {
  /** A secret. */
  readonly authKey: string;
  /** Tailscale's own control server when left out. */
  readonly controlUrl?: string | undefined;
  /** Made from repository, run and attempt when left out. */
  readonly hostname?: string | undefined;
  /** `tun`: the whole machine, needs root or sudo; `userspace`: an HTTP proxy, changes nothing on the machine. */
  readonly mode: "tun" | "userspace";
  readonly acceptDns: boolean;
  /** What must answer through the tailnet. */
  readonly probe: readonly Probe[];
  /** Milliseconds for joining with all its tries, and again for the probes. */
  readonly timeout: number;
  /** Further tries after the first one. */
  readonly retries: number;
  /** The exact version of Tailscale. */
  readonly version?: string | undefined;
  readonly toolMirror?: string | undefined;
}

/**
 * Reads the inputs of the action from its environment.
 *
 * @throws FairleadError INPUT_INVALID
 */
export function readTailnetInputs(environment: Environment): TailnetInputs {
  const { probe = [], ...inputs } = readInputs(environment, {
    authKey: required(text),
    controlUrl: optional(webAddress),
    hostname: optional(hostLabel),
    mode: required(choice("tun", "userspace")),
    acceptDns: required(boolean),
    probe: optional(probes),
    timeout: required(duration),
    retries: required(integer),
    version: optional(version),
    toolMirror: optional(webAddress),
  });
  return { ...inputs, probe };
}

function webAddress(value: string): string {
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return value;
  throw new Error(`is "${value}", but must be an address such as https://example.com`);
}

/** One label of a DNS name (RFC 1123, section 2.1). */
function hostLabel(value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)) return value.toLowerCase();
  throw new Error(`is "${value}", but must be 1 to 63 letters, digits and hyphens`);
}

function version(value: string): string {
  if (/^\d+\.\d+\.\d+$/.test(value)) return value;
  throw new Error(`is "${value}", but must be a version such as 1.90.2`);
}
