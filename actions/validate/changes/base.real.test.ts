import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { commit, gitIn, openPullRequest } from "../../../test/e2e/fixtures/pull-request.ts";
import { createMasker } from "../../core/masking.ts";
import { findBase, manifestAt } from "./base.ts";

const context = {
  environment: { PATH: process.env["PATH"], HOME: tmpdir(), GIT_CONFIG_NOSYSTEM: "1" },
  masker: createMasker(() => {}),
  signal: AbortSignal.timeout(60_000),
};
const folder = mkdtempSync(join(tmpdir(), "fairlead-base-"));
after(() => rmSync(folder, { recursive: true }));
const temporary = () => mkdtempSync(join(folder, "copy-"));
const manifest = "metadata: {name: web}\nspec: {config: {a: {b: {file: conf/a}}}}\n";

describe("the base", () => {
  test("of the shallow checkout of a merge is the commit that was merged into", async () => {
    using request = openPullRequest({ a: "1" }, { a: "2" });
    // What the branch gets after the merge was made is in neither of the two.
    commit(request.origin, { later: "1" }, "later");
    const wanted = { ref: "main", mergeCommit: request.event.commit ?? "", fetch: true };
    const base = await findBase(request.workspace, wanted, context);
    assert.deepEqual(base, { top: request.workspace, commit: request.base });
    const shallow = readFileSync(join(request.workspace, ".git/shallow"), "utf8");
    assert.match(shallow, new RegExp(request.base), "one commit was fetched, not the history");
  });

  test("of another shallow checkout is the tip of the branch", async () => {
    using request = openPullRequest({ a: "1" }, { a: "2" });
    const base = await findBase(request.workspace, { ref: "main", fetch: true }, context);
    assert.equal(base.commit, request.base);
  });

  test("is where HEAD left the branch, as far as history is there", async () => {
    using request = openPullRequest({ a: "1" }, { a: "2" });
    const git = gitIn(request.origin);
    git("checkout", "--quiet", "change");
    const { commit: found } = await findBase(request.origin, { ref: "main", fetch: false }, context);
    assert.equal(found, git("rev-parse", "main~1"));
    for (const ref of [found, found.slice(0, 10), "main~1"]) {
      assert.equal((await findBase(request.origin, { ref, fetch: false }, context)).commit, found, ref);
    }
  });

  test("may be a branch that only the remote has", async () => {
    using request = openPullRequest({ a: "1" }, { a: "2" });
    const clone = temporary();
    gitIn(clone)("clone", "--quiet", "--branch=change", request.origin, ".");
    const { commit: found } = await findBase(clone, { ref: "main", fetch: false }, context);
    assert.equal(found, gitIn(request.origin)("rev-parse", "main~1"));
  });

  test("that nobody has is an error, as is what is no reference", async () => {
    using request = openPullRequest({ a: "1" }, { a: "2" });
    const find = (ref: string, fetch = true) => findBase(request.workspace, { ref, fetch }, context);
    await assert.rejects(find("absent"), /^FairleadError: git fetch: couldn't find remote ref absent$/);
    await assert.rejects(find("absent", false), /git knows no absent; fetch it first/);
    for (const ref of ["--upload-pack=touch /tmp/x", "-x", "a:b", "+a", "a b", ""]) {
      await assert.rejects(find(ref), /is no branch, tag or commit/, ref);
    }
    renameSync(request.origin, `${request.origin}-away`);
    await assert.rejects(find("main"), /git fetch: .*does not appear to be a git repository$/);
    await assert.rejects(findBase(temporary(), { ref: "main", fetch: true }, context), /not a git repository/);
  });
});

describe("a manifest in the base", () => {
  const files = { "app/.deploy/manifest.yaml": manifest, "app/conf/a": "old\n", "app/unrelated": "x" };

  test("comes with the files that it names, and nothing else", async () => {
    using request = openPullRequest(files, { "app/conf/a": "new\n" });
    const base = await findBase(request.workspace, { ref: "main", fetch: true }, context);
    const copy = temporary();
    const opened = await manifestAt(base, join(request.workspace, "app/.deploy/manifest.yaml"), copy, context);
    assert.deepEqual(opened?.problems, []);
    assert.equal(JSON.stringify(opened?.manifest?.overlay), '{"spec":{"config":{"a":{"b":"old\\n"}}}}');
    assert.equal(existsSync(join(copy, "app/unrelated")), false);
  });

  test("is found where its folder is gone from the checkout", async () => {
    using request = openPullRequest(files, { "app/.deploy/manifest.yaml": null });
    const base = await findBase(request.workspace, { ref: "main", fetch: true }, context);
    const file = join(request.workspace, "app/.deploy/manifest.yaml");
    assert.equal((await manifestAt(base, file, temporary(), context))?.manifest?.file, "app/.deploy/manifest.yaml");
  });

  test("that is not there, or is no file, is undefined", async () => {
    using request = openPullRequest(files, {});
    const base = await findBase(request.workspace, { ref: "main", fetch: true }, context);
    for (const path of ["absent.yaml", "app", "../absent.yaml"]) {
      assert.equal(await manifestAt(base, join(request.workspace, path), temporary(), context), undefined, path);
    }
  });

  test("leads through no link out of its copy", async () => {
    using request = openPullRequest({ "app/.deploy/manifest.yaml": manifest }, {});
    mkdirSync(join(request.origin, "app/conf"));
    symlinkSync("/etc/hostname", join(request.origin, "app/conf/a"));
    const linked = commit(request.origin, {}, "link");
    const base = await findBase(request.workspace, { ref: linked, fetch: true }, context);
    const opened = await manifestAt(base, join(request.workspace, "app/.deploy/manifest.yaml"), temporary(), context);
    assert.deepEqual(
      opened?.problems.map(({ code }) => code),
      ["FILE_MISSING"],
    );
  });
});
