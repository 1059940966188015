import assert from "node:assert/strict";
import { test } from "node:test";
import { everything, type Found, select, selection } from "./selection.ts";

const found: readonly Found[] = [
  { key: "TOKEN", value: "t", folder: "/ci" },
  { key: "PASSWORD", value: "p1", folder: "/ci/database" },
  { key: "PASSWORD", value: "p2", folder: "/ci/queue" },
  { key: "grüße.txt", value: "g", folder: "/ci" },
];

const origin = { place: "the folder /ci", settings: { names: "`names`", path: "`paths`" } };

const taken = (lines: string, prefix = "", secrets = found) =>
  Object.fromEntries(select(secrets, selection(lines), prefix, origin).map(({ name, value }) => [name, value]));

test("only what is named is taken, under the name that it is given", () => {
  assert.deepEqual(taken("TOKEN as GH_TOKEN\ngrüße.txt as HELLO"), { GH_TOKEN: "t", HELLO: "g" });
  assert.deepEqual(taken("TOKEN\nTOKEN as SECOND"), { TOKEN: "t", SECOND: "t" });
});

test("all but what is left out", () => {
  assert.deepEqual(taken("!PASSWORD"), { TOKEN: "t", "grüße.txt": "g" });
  assert.deepEqual(taken("!/ci/queue/PASSWORD"), { TOKEN: "t", PASSWORD: "p1", "grüße.txt": "g" });
});

test("a folder in front tells apart what has the same key", () => {
  const both = "/ci/database/PASSWORD as DB_PASSWORD\n/ci/queue/PASSWORD as QUEUE_PASSWORD";
  assert.deepEqual(taken(both), { DB_PASSWORD: "p1", QUEUE_PASSWORD: "p2" });
  const top = [{ key: "A", value: "1", folder: "/" }];
  assert.deepEqual(taken("/A as B", "", top), { B: "1" });
});

test("a prefix goes in front of all names but those that were given", () => {
  assert.deepEqual(taken("TOKEN\ngrüße.txt as HELLO", "CI_"), { CI_TOKEN: "t", HELLO: "g" });
});

test("two secrets for one name are an error that shows both and the way out", () => {
  assert.throws(() => select(found, everything, "", origin), {
    code: "SECRET_COLLISION",
    message: "Several secrets would get the same name: PASSWORD (/ci/database/PASSWORD, /ci/queue/PASSWORD).",
    fix: /`\/ci\/database\/PASSWORD as OTHER`/,
  });
  const unnamed = { ...origin, settings: { path: "`cluster.infisical.path`" } };
  assert.throws(() => select(found, everything, "", unnamed), { fix: "Leave one of them in Infisical." });
  assert.throws(() => taken("TOKEN as X\n/ci/queue/PASSWORD as X"), { code: "SECRET_COLLISION", message: /X \(/ });
});

test("every key that is not there is named, with the one that was meant", () => {
  assert.throws(() => taken("TOKNE\n/ci/PASSWORD\nTOKEN"), {
    code: "SECRET_MISSING",
    message: "Infisical has no TOKNE (did you mean TOKEN?) and no /ci/PASSWORD in the folder /ci.",
    fix: "Correct `names` or `paths`, or add it in Infisical.",
  });
});

test("a line that says nothing, or two things, is refused", () => {
  assert.throws(() => selection("!A as B"), /leaves out and renames/);
  assert.throws(() => selection("/folder/"), /names no secret/);
  assert.throws(() => selection("!"), /names no secret/);
});
