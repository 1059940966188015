import { type Identity, identityInputs } from "./identity.ts";

/** The words that lead a user to the setting that has to change. */
export interface SettingNames {
  readonly url: string;
  readonly project: string;
  readonly environment: string;
  readonly path: string;
  readonly identity: string;
  /** Where the audience of GitHub's token can be chosen, if it can. */
  readonly audience?: string;
  /** What chooses and renames secrets, if anything does. */
  readonly names?: string;
  /** What accepts a folder without secrets, if anything does. */
  readonly allowEmpty?: string;
}

/** The settings as the inputs of this action. */
export function inputNames(identity: Identity): SettingNames {
  return {
    url: "`url`",
    project: "`project`",
    environment: "`environment`",
    path: "`paths`",
    identity: identityInputs(identity),
    audience: "`oidc-audience`",
    names: "`names`",
    allowEmpty: "`allow-empty`",
  };
}
