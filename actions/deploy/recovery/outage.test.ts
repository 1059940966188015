import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import { FairleadError } from "../../core/errors.ts";
import { patientCluster } from "./outage.ts";

const away = new FairleadError({ code: "CLUSTER_UNREACHABLE", message: "nobody answers" });
const ask: Cluster["ask"] = (call) => call();

/** Makes calls that fail with each of these, and then succeed. */
function calls(faults: readonly Error[], longest = 60_000, signal = new AbortController().signal) {
  const said: string[] = [];
  const left = [...faults];
  const cluster = patientCluster({ ask } as Cluster, { longest, pause: 0, signal, say: (line) => said.push(line) });
  const answer = cluster.ask(async () => {
    const fault = left.shift();
    if (fault !== undefined) throw fault;
    return "here";
  });
  return { answer, said };
}

test("a call waits for an API server that is away, and says so once", async () => {
  const { answer, said } = calls([away, away]);
  assert.equal(await answer, "here");
  assert.deepEqual(said, ["nobody answers"]);
});

test("it does not wait longer than it may, nor for anything else, nor when it is stopped", async () => {
  await assert.rejects(calls([away, away], 0).answer, /nobody answers/);
  await assert.rejects(calls([new FairleadError({ code: "CLUSTER_FORBIDDEN", message: "no" })]).answer, /no/);
  await assert.rejects(calls([away], 60_000, AbortSignal.abort(new Error("stopped"))).answer, /stopped/);
});

test("a call that is given up by its own signal is not made again", async () => {
  let made = 0;
  const call: Cluster["call"] = async () => {
    made++;
    throw away;
  };
  const outage = { longest: 60_000, pause: 0, signal: new AbortController().signal, say: () => {} };
  const cluster = patientCluster({ call } as Cluster, outage);
  await assert.rejects(cluster.call({ path: "/health" }, AbortSignal.abort()), /nobody answers/);
  assert.equal(made, 1);
});

test("every way to ask the API server waits for it", async () => {
  const left: Error[] = [];
  const answer = async () => {
    const fault = left.pop();
    if (fault !== undefined) throw fault;
    return { status: 200, body: "" };
  };
  const plain = { ask: answer, call: answer, read: answer, readText: answer } as unknown as Cluster;
  const cluster = patientCluster(plain, {
    longest: 60_000,
    pause: 0,
    signal: new AbortController().signal,
    say: () => {},
  });
  for (const ask of [
    () => cluster.read({ path: "/version" }),
    () => cluster.readText({ path: "/version" }),
    () => cluster.call({ path: "/version" }),
    () => cluster.ask(answer),
  ]) {
    left.splice(0, left.length, away);
    assert.deepEqual(await ask(), { status: 200, body: "" });
  }
});
