import { FairleadError } from "./errors.ts";
import type { Environment } from "./inputs.ts";

/**
 * The HTTP proxy that the machine has for an address: that of HTTPS_PROXY or HTTP_PROXY, by the scheme of the address.
 * There is none for the machine itself, and for what NO_PROXY lists. The variables are read as Go's programs read them, so
 * that helm, docker, tailscaled and our own requests go the same way (golang.org/x/net/http/httpproxy, `FromEnvironment`);
 * as for every program they are those of the process, unless others are given.
 *
 * @throws FairleadError INPUT_INVALID when the variable holds no address.
 */
export function proxyFor({ protocol, hostname, port }: URL, environment: Environment = process.env): URL | undefined {
  const name = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = read(name, environment);
  if (value === undefined) return undefined;
  const host = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isThisMachine(host)) return undefined;
  const target = { host, port: port || (protocol === "https:" ? "443" : "80") };
  const spared = read("NO_PROXY", environment) ?? "";
  if (spared.split(",").some((entry) => covers(entry.trim().toLowerCase(), target))) return undefined;
  const proxy = URL.parse(value.includes("://") ? value : `http://${value}`);
  if (proxy !== null) return proxy;
  throw new FairleadError({
    code: "INPUT_INVALID",
    // What it holds is not shown: there may be a password in it.
    message: `The variable ${name} holds no address of a proxy.`,
    fix: `Set ${name} to one such as http://proxy.example.com:3128, in the environment of the step or of the runner.`,
  });
}

function read(name: string, environment: Environment): string | undefined {
  return environment[name] || environment[name.toLowerCase()] || undefined;
}

interface Target {
  readonly host: string;
  readonly port: string;
}

/** Whether an entry of NO_PROXY means a target: `*`, a name with those below it, `.name`, an address or range, `…:port`. */
function covers(entry: string, { host, port }: Target): boolean {
  if (entry === "*") return true;
  const { isIP } = net();
  const [, name = entry, onlyPort = port] =
    isIP(entry) === 6 ? [] : (/^\[?([^\]]*?)\]?:(\d+)$/.exec(entry) ?? /^\[?([^\]]*?)\]?$/.exec(entry) ?? []);
  if (name === "" || onlyPort !== port) return false;
  if (isIP(host) !== 0) return name === host || isInRange(host, name);
  const below = name.replace(/^\*?\./, ".");
  return below.startsWith(".") ? host.endsWith(below) : host === name || host.endsWith(`.${name}`);
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || isInRange(host, "127.0.0.0/8");
}

/** @param range as in `10.0.0.0/8`. */
function isInRange(address: string, range: string): boolean {
  const { BlockList, isIP } = net();
  const [start = "", length = ""] = range.split("/");
  const [family, longest] = isIP(start) === 6 ? (["ipv6", 128] as const) : (["ipv4", 32] as const);
  if (isIP(start) === 0 || isIP(address) !== isIP(start)) return false;
  if (!/^\d+$/.test(length) || Number(length) > longest) return false;
  const list = new BlockList();
  list.addSubnet(start, Number(length), family);
  return list.check(address, family);
}

/** Loaded where there is a proxy only: most machines have none, and a short step should not wait for it. */
function net() {
  return process.getBuiltinModule("node:net");
}
