import { delimiter, dirname, join } from "node:path";
import type { Figure } from "../figure.ts";
import { each, inTurn } from "../measure.ts";
import { makeSubject, ourDeploy, type Site } from "./site.ts";

/** Milliseconds in which a person wants to see how a release is. */
const patience = 10_000;

/** A look at a release, against kubectl, which lists a part of what it shows. */
export async function* look(site: Site): AsyncGenerator<Figure> {
  const { bench, cluster, helm, clusterFile } = site;
  const { kubectl } = await bench.tools(["kubectl"]);
  const subject = makeSubject(site, "seen");
  await each([ourDeploy(site, subject)], 1);
  const { kubeconfig } = cluster.kubernetes;
  const common = {
    workingDirectory: subject.workspace,
    environment: { KUBECONFIG: kubeconfig, PATH: [dirname(helm), process.env["PATH"]].join(delimiter) },
  };
  const listed = ["get", "pods,services,persistentvolumeclaims", "-o", "wide", "-n", subject.release];
  const [ours, theirs] = await inTurn(
    bench.rounds,
    {
      ...common,
      command: [process.execPath, join(bench.root, "dist/fairlead.mjs"), "status", "staging", "--cluster", clusterFile],
      check(output) {
        if (!/revision 1 is healthy/.test(output)) throw new Error(`It saw something else: ${output}`);
      },
      shown: "fairlead status staging",
    },
    { ...common, command: [kubectl, ...listed], shown: ["kubectl", ...listed].join(" ") },
  );
  if (ours === undefined || theirs === undefined) throw new Error("nothing was measured");
  yield {
    name: "a look at a release, with its checks, against kubectl",
    measured: ours,
    against: theirs,
    atMost: patience,
  };
}
