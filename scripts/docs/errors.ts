import { type Explained, errorCodes } from "../../actions/core/errors.ts";
import { code, type Markdown, table } from "../../actions/core/summary.ts";
import { manifestCodes } from "../../actions/validate/codes.ts";
import { chartCodes } from "../../chart/codes.ts";

/** The page of all error codes. */
export function errorsPage(): string {
  return `# Errors

A step that fails gives exactly one error, titled with one of these codes. The codes are stable; the sentences are not.
${tableOf(errorCodes)}
## Manifests

\`MANIFEST_INVALID\` lists problems, and \`validate\` gives each as an annotation, titled with one of these codes.
${tableOf(manifestCodes)}
## Rules of the chart

These are the chart's own; plain Helm shows them too, all together, as \`CODE: path: sentence\`. A few are warnings, which
\`validate\` shows at their place and which stop nothing.
${tableOf(chartCodes)}`;
}

function tableOf(codes: Readonly<Record<string, Explained>>): string {
  const rows = Object.entries(codes).map(([name, { cause, fix }]) => [code(name), prose(cause), prose(fix)]);
  return table(["Code", "Cause", "What to do"], rows);
}

/** A sentence is Markdown already; only the bar would end its cell. */
function prose(sentence: string): Markdown {
  return { markdown: sentence.replaceAll("|", "\\|") };
}
