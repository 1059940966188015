/** Words that YAML 1.1, which Helm reads, takes for true or false, and YAML 1.2, which editors read, for text. */
export const booleanWords = /^(y|yes|on|n|no|off|Y|Yes|YES|On|ON|N|No|NO|Off|OFF)$/;

/** What Helm's reader (go-yaml 2) takes for a number. */
export const numberWords =
  /^[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)$/;

/** What Helm reads for one of the boolean words. */
export function truthOf(word: string): boolean {
  return /^(y|on)/i.test(word);
}

/** The number that Helm reads. */
export function numberOf(text: string): number {
  const plain = text.replaceAll("_", "");
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return sign === "-" ? -value : value;
}

/** Whether a number is written as it will be printed, so that reading it loses nothing. */
export function keepsDigits(text: string): boolean {
  const value = numberOf(text);
  return String(value) === text && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
