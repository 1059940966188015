import { errorCodes } from "../../actions/core/errors.ts";
import { code, table } from "../../actions/core/summary.ts";
import { manifestCodes } from "../../actions/validate/codes.ts";

/** The page of all error codes. */
export function errorsPage(): string {
  const rows = (codes: Readonly<Record<string, string>>) =>
    Object.entries(codes).map(([name, meaning]) => [code(name), meaning]);
  return `# Errors

A step that fails gives exactly one error, titled with one of these codes. The codes are stable; the sentences are not.
${table(["Code", "What it means"], rows(errorCodes))}
## Manifests

\`MANIFEST_INVALID\` lists problems, and \`validate\` gives each as an annotation, titled with one of these codes. The rules of
the chart have codes of their own that start with \`APP_\`; their messages say what to change.
${table(["Code", "What it means"], rows(manifestCodes))}`;
}
