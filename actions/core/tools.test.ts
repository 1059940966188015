import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { startProxy } from "../../test/fakes/proxy.ts";
import type { Context } from "./context.ts";
import { execute } from "./process.ts";
import type { Tool } from "./tool.ts";
import { compareVersions, findTool } from "./tools.ts";

const script = (version: string) => `#!/bin/sh\necho "gadget v${version} (built today)"\n`;
const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

const gadget: Tool = {
  name: "gadget",
  commands: [["gadget"], ["holder", "gadget"]],
  versionArguments: ["version"],
  minimum: "1.4.0",
  below: "2.0.0",
  download: {
    version: "1.5.2",
    // Nothing listens there: a test that forgets its mirror fails instead of leaving this machine.
    url: () => "http://127.0.0.1:1/releases/gadget.tar.gz",
    member: () => "dist/gadget",
    sha256: {},
    checksumUrl: () => "http://127.0.0.1:1/releases/checksums.txt",
  },
};

/** A context whose PATH has only the programs given, beside the system's own. */
async function machine(t: TestContext, programs: Record<string, string> = {}) {
  const { context, told } = await recordingContext(t);
  const bin = join(context.folder, "bin");
  await mkdir(bin);
  for (const [name, content] of Object.entries(programs)) await writeFile(join(bin, name), content, { mode: 0o755 });
  return { context: { ...context, environment: { PATH: `${bin}:/usr/bin:/bin` } }, told };
}

/** Serves an archive that holds the tool, as a mirror of its releases. */
async function mirror(t: TestContext, folder: string, checksums?: (hash: string) => string, program = script("1.5.2")) {
  await mkdir(join(folder, "dist"));
  await writeFile(join(folder, "dist/gadget"), program, { mode: 0o755 });
  execFileSync("tar", ["-czf", "archive", "dist"], { cwd: folder });
  const archive = await readFile(join(folder, "archive"));
  const list = (checksums ?? ((hash) => `${"0".repeat(64)}  other.tar.gz\n${hash}  gadget.tar.gz\n`))(sha256(archive));
  const requests: string[] = [];
  const server = createServer((incoming, response) => {
    requests.push(incoming.url ?? "");
    if (incoming.url === "/releases/gadget.tar.gz") response.end(archive);
    else if (incoming.url === "/releases/checksums.txt") response.end(list);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests, hash: sha256(archive) };
}

test("versions are compared by number", () => {
  assert.ok(compareVersions("1.10.0", "1.9.9") > 0);
  assert.ok(compareVersions("1.9.9", "2.0.0") < 0);
  assert.equal(compareVersions("4.1.3", "4.1.3"), 0);
});

test("the runner's own program is taken when its version fits", async (t) => {
  const { context } = await machine(t, { gadget: script("1.9.12") });
  assert.deepEqual(await findTool(gadget, context), { command: "gadget", args: [], version: "1.9.12" });
});

test("a second command is tried when the first does not fit", async (t) => {
  const holder = '#!/bin/sh\n[ "$1" = gadget ] && echo 1.4.0\n';
  const { context } = await machine(t, { gadget: script("1.3.9"), holder });
  assert.deepEqual(await findTool(gadget, context), { command: "holder", args: ["gadget"], version: "1.4.0" });
});

test("what is missing is downloaded once, checked against its checksum, and runs", async (t) => {
  const { context, told } = await machine(t, { gadget: script("2.0.0") });
  const { address, requests } = await mirror(t, context.folder);
  const found = await findTool(gadget, context, address);
  assert.equal(found.version, "1.5.2");
  const { masker, environment } = context;
  assert.match((await execute(found.command, [...found.args, "version"], { masker, environment })).output, /1\.5\.2/);
  assert.match(told.lines.join("\n"), /its checksum is not pinned in fairlead; .*taken from .*checksums\.txt/);
  const before = requests.length;
  assert.deepEqual(await findTool(gadget, context), found);
  assert.equal(requests.length, before);
});

/** A later step on the same machine: another folder, the same tool cache. */
async function laterStep(t: TestContext, { toolCache }: Context) {
  const { context, told } = await machine(t);
  return { context: { ...context, toolCache }, told };
}

for (const [how, pin] of [
  ["pinned", (hash: string) => ({ x64: hash, arm64: hash })],
  ["recorded", () => ({})],
] as const) {
  test(`a later step takes it from the cache, and compares the ${how} checksum again`, async (t) => {
    const { context: first } = await machine(t);
    const { address, requests, hash } = await mirror(t, first.folder);
    const tool: Tool = { ...gadget, download: { ...gadget.download, sha256: pin(hash) } };
    await findTool(tool, first, address);
    const before = requests.length;

    const { context: second, told } = await laterStep(t, first);
    const found = await findTool(tool, second, address);
    assert.equal(requests.length, before);
    assert.match(told.lines.join("\n"), /gadget 1\.5\.2 \(from the tool cache\)/);
    assert.ok(found.command.startsWith(second.folder), "what runs is the copy that was compared");

    const [archive = ""] = globSync(join(first.toolCache, "**/*.tar.gz"));
    await writeFile(archive, "something else");
    const { context: third, told: heard } = await laterStep(t, first);
    await findTool(tool, third, address);
    assert.match(heard.lines.join("\n"), /has another SHA-256 than what was put there, and is downloaded again/);
    assert.equal(sha256(await readFile(archive)), hash);
  });
}

test("a bare program is kept and compared likewise", async (t) => {
  const { context } = await machine(t);
  const content = Buffer.from(script("1.5.2"));
  const server = createServer((_incoming, response) => response.end(content)).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { member: _, ...download } = gadget.download;
  const hash = sha256(content);
  const bare = { ...download, url: () => "http://127.0.0.1:1/gadget-linux", sha256: { x64: hash, arm64: hash } };
  const tool: Tool = { ...gadget, download: bare };
  await findTool(tool, context, address);
  const { context: second, told } = await laterStep(t, context);
  const { command } = await findTool(tool, second);
  assert.match(told.lines.join("\n"), /from the tool cache/);
  assert.deepEqual(await readFile(command), content);
});

test("a pinned checksum needs no other, and a bare one is understood", async (t) => {
  const { context } = await machine(t);
  const { address, requests, hash } = await mirror(t, context.folder);
  const pinned = { ...gadget, download: { ...gadget.download, sha256: { x64: hash, arm64: hash } } };
  await findTool(pinned, context, address);
  assert.deepEqual(requests, ["/releases/gadget.tar.gz"]);
  const { context: other } = await machine(t);
  const bare = await mirror(t, other.folder, (expected) => `${expected}\n`);
  assert.equal((await findTool(gadget, other, bare.address)).version, "1.5.2");
});

test("with a mirror, the publisher is asked for the checksum first, and believed against the mirror", async (t) => {
  const { context, told } = await machine(t);
  const copied = await mirror(t, context.folder, () => "nothing here\n");
  const { context: other } = await machine(t);
  const published = await mirror(t, other.folder, () => `${copied.hash}  gadget.tar.gz\n`);
  const checksumUrl = () => `${published.address}releases/checksums.txt`;
  const tool: Tool = { ...gadget, download: { ...gadget.download, checksumUrl } };
  assert.equal((await findTool(tool, context, copied.address)).version, "1.5.2");
  assert.deepEqual(copied.requests, ["/releases/gadget.tar.gz"]);
  assert.match(told.lines.join("\n"), /not pinned in fairlead; taken from its publisher, /);

  const { context: third } = await machine(t);
  const forged = await mirror(t, third.folder, undefined, script("1.5.3"));
  await assert.rejects(findTool(tool, third, forged.address), { code: "TOOL_MISSING", message: /SHA-256/ });
  // Without a way to the publisher there is only the mirror's own, and the log says what that is worth.
  const { context: fourth, told: heard } = await machine(t);
  assert.equal((await findTool(gadget, fourth, forged.address)).version, "1.5.2");
  assert.match(heard.lines.join("\n"), /its publisher gave none \(fetch failed.*\); taken from .*shows no forgery/);
});

test("a download that is not what it should be is refused, also the next time", async (t) => {
  const { context } = await machine(t, { gadget: script("1.3.0") });
  const wrong = await mirror(t, context.folder, () => `${"f".repeat(64)}  gadget.tar.gz\n`);
  for (const _ of ["first", "second"]) {
    await assert.rejects(findTool(gadget, context, wrong.address), {
      code: "TOOL_MISSING",
      message:
        /^gadget 1\.4\.0 up to, not including, 2\.0\.0 is needed; gadget is 1\.3\.0, and the download failed: .*SHA-256/,
      fix: /`tool-mirror`/,
    });
  }
});

test("a release without a checksum is refused", async (t) => {
  const { context } = await machine(t);
  const { address } = await mirror(t, context.folder, () => "nothing here\n");
  await assert.rejects(findTool(gadget, context, address), { code: "TOOL_MISSING", message: /no checksum at/ });
});

test("through the machine's proxy come the download and its checksum", async (t) => {
  const { context } = await machine(t);
  const { address } = await mirror(t, context.folder);
  await using proxy = await startProxy({ names: { "mirror.test": Number(new URL(address).port) } });
  process.env["HTTP_PROXY"] = proxy.url;
  t.after(() => delete process.env["HTTP_PROXY"]);
  assert.equal((await findTool(gadget, context, "http://mirror.test")).version, "1.5.2");
  assert.deepEqual(proxy.asked, ["GET http://mirror.test/releases/checksums.txt", "CONNECT mirror.test:80"]);
});

test("a cancelled job does not wait for a download", async (t) => {
  const { context } = await machine(t);
  const controller = new AbortController();
  const server = createServer((incoming, response) => {
    if (incoming.url?.endsWith("checksums.txt")) return response.end(`${"f".repeat(64)}\n`);
    // The answer that the library does not ask for again, so that nothing goes on behind this test.
    t.after(() => response.writeHead(404).end());
    return controller.abort(new Error("cancelled"));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await assert.rejects(findTool(gadget, { ...context, signal: controller.signal }, address), /^Error: cancelled$/);
});
