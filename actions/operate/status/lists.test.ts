import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import type { Application } from "../../validate/application.ts";
import { autoscalersOf, certificatesOf, eventsOf, type Finding } from "./lists.ts";

const application = { namespaces: { one: {}, two: {} } } as unknown as Application;

/** A cluster that lists these items in the namespace `one`, and does not know the kind in any other. */
function listing(...items: readonly unknown[]): Cluster {
  const call: Cluster["call"] = async ({ path }) =>
    path.includes("/namespaces/one/") ? { status: 200, body: JSON.stringify({ items }) } : { status: 404, body: "" };
  return { call } as Cluster;
}

/** The rows of a finding. */
function rows({ section }: Finding): readonly Readonly<Record<string, string>>[] {
  return "rows" in section ? section.rows : [];
}

test("a certificate is issued, refused, or waits for a controller", async () => {
  const certificate = (name: string, status?: unknown) => ({
    metadata: { name, namespace: "one" },
    spec: { dnsNames: [`${name}.example.com`] },
    ...(status === undefined ? {} : { status }),
  });
  const ready = { type: "Ready", status: "True" };
  const refused = { type: "Ready", status: "False", message: "the issuer is not there" };
  const found = await certificatesOf(
    listing(
      certificate("good", { conditions: [ready], notAfter: "2027-01-01T00:00:00Z" }),
      certificate("bad", { conditions: [refused] }),
      certificate("new"),
    ),
    application,
  );
  assert.deepEqual(
    rows(found).map(({ certificate, names, state, until }) => [certificate, names, state, until]),
    [
      ["good", "good.example.com", "issued", "2027-01-01T00:00:00Z"],
      ["bad", "bad.example.com", "the issuer is not there", ""],
      ["new", "new.example.com", "no controller has answered", ""],
    ],
  );
  assert.deepEqual(found.wrong, ["the certificate bad is not issued: the issuer is not there"]);
});

test("an autoscaler that cannot measure says why, which is no fault of the app", async () => {
  const conditions = [
    { type: "AbleToScale", status: "True" },
    { type: "ScalingActive", status: "False", message: "no metrics are known" },
  ];
  const spec = { minReplicas: 2, maxReplicas: 6, scaleTargetRef: { kind: "Deployment", name: "web" } };
  const status = { currentReplicas: 2, desiredReplicas: 3, conditions };
  const found = await autoscalersOf(
    listing({ metadata: { name: "web", namespace: "one" }, spec, status }),
    application,
  );
  assert.deepEqual(rows(found), [
    {
      ...{ autoscaler: "web", namespace: "one", of: "Deployment/web", bounds: "2-6" },
      ...{ pods: "2, wants 3", state: "no metrics are known" },
    },
  ]);
  assert.deepEqual(found.wrong, []);
});

test("warnings come newest first, and no more than a person reads", async () => {
  const event = (minute: number) => ({
    ...{ metadata: {}, reason: "BackOff", message: `try ${minute}`, count: minute },
    lastTimestamp: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    involvedObject: { kind: "Pod", name: "web" },
  });
  const found = rows(
    await eventsOf(listing(...Array.from({ length: 40 }, (_, index) => event(index + 1))), application),
  );
  assert.equal(found.length, 30);
  assert.deepEqual(found[0], {
    ...{ seen: "2026-01-01T00:40:00Z", times: "40", object: "Pod/web", reason: "BackOff", message: "try 40" },
  });
});
