import assert from "node:assert/strict";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { openOutput } from "./output.ts";

test("what a command prints is shown at once, and without a secret that comes in two pieces", async (t) => {
  const { context, told } = await recordingContext(t);
  context.masker.add("a token of words");
  const output = openOutput(context);
  output.write(Buffer.from("began\nthe token is a tok"));
  assert.deepEqual(told.lines, ["began"]);
  output.write(Buffer.from("en of words, it says"));
  assert.equal(output.end(), "began\nthe token is ***, it says");
  assert.deepEqual(told.lines, ["began", "the token is ***, it says"]);
});

test("of a long output all is shown, and its end is kept", async (t) => {
  const { context, told } = await recordingContext(t);
  const output = openOutput(context);
  const line = ".".repeat(1_023);
  for (let number = 0; number < 300; number++) output.write(Buffer.from(`${line}\n`));
  output.write(Buffer.from("the end\n"));
  const [note, first, ...others] = output.end().split("\n");
  assert.equal(note, "… 45 earlier lines are in the log");
  assert.deepEqual([first, others.length, others.at(-1)], [line, 255, "the end"]);
  assert.equal(told.lines.length, 301);
});

test("nothing is shown of a command that prints nothing", async (t) => {
  const { context, told } = await recordingContext(t);
  assert.equal(openOutput(context).end(), "");
  assert.deepEqual(told.lines, []);
});
