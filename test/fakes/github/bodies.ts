// Bodies of answers: GitHub's objects with as little in them as its OpenAPI document allows.
import { branchOf, type Repository, type Run, statusOf, type Token, type Workflow } from "./model.ts";
import { fill } from "./openapi.ts";

/** A repository, as the holder of a token sees it. */
export function repositoryBody(repository: Repository, schema: "full-repository" | "repository", token?: Token) {
  const [owner = "", name = ""] = repository.name.split("/");
  return fill(schema, {
    ...{ name, full_name: repository.name, default_branch: branchOf(repository) },
    ...{ archived: repository.archived ?? false, topics: repository.topics ?? [] },
    owner: fill("simple-user", { login: owner }),
    permissions: { admin: false, pull: true, push: token?.writes ?? true },
  });
}

/** A workflow of a repository. */
export function workflowBody(repository: Repository, { file, state }: Workflow): Record<string, unknown> {
  const path = `.github/workflows/${file}`;
  const address = `https://github.example/${repository.name}/blob/main/${path}`;
  return fill("workflow", { name: file, path, state: state ?? "active", html_url: address });
}

/** A file of a repository. */
export function contentBody(path: string, text: string): Record<string, unknown> {
  const content = Buffer.from(text).toString("base64");
  return fill("content-file", {
    ...{ type: "file", path, name: path.split("/").at(-1), content, encoding: "base64" },
    size: Buffer.byteLength(text),
  });
}

/** A run of a workflow at a time, in milliseconds since 1970. */
export function runBody(run: Run, now: number, apiUrl: string): Record<string, unknown> {
  const status = statusOf(run, now);
  const created = isoSecond(run.createdAt);
  return fill("workflow-run", {
    ...{ id: run.id, head_branch: run.ref, event: run.event, status },
    conclusion: status === "completed" ? run.conclusion : null,
    path: `.github/workflows/${run.workflow.file}`,
    ...{ created_at: created, updated_at: created, run_started_at: created },
    actor: fill("simple-user", { login: run.actor }),
    triggering_actor: fill("simple-user", { login: run.actor }),
    ...addressesOf(run, apiUrl),
  });
}

/** Where a run is in the API and in the browser. */
export function addressesOf({ id, repository }: Run, apiUrl: string): { url: string; html_url: string } {
  return {
    url: `${apiUrl}/repos/${repository.name}/actions/runs/${id}`,
    html_url: `https://github.example/${repository.name}/actions/runs/${id}`,
  };
}

/** The jobs of a run that is over. */
export function jobsBody(run: Run): Record<string, unknown> {
  const { failedJob, failedStep } = run.workflow;
  const job = (name: string, conclusion: string, steps: readonly object[]) =>
    fill("job", { run_id: run.id, name, status: "completed", conclusion, steps });
  const step = (name: string, conclusion: string, number: number) => ({
    name,
    status: "completed",
    conclusion,
    number,
  });
  const failedSteps = failedStep === undefined ? [] : [step("Check out", "success", 1), step(failedStep, "failure", 2)];
  const jobs = [
    job("build", "success", []),
    ...(failedJob === undefined ? [] : [job(failedJob, "failure", failedSteps)]),
  ];
  return { total_count: jobs.length, jobs };
}

function isoSecond(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+/, "");
}
