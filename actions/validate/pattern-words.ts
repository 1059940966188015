/** What a text must be that the schema of the chart gives a pattern, in words that follow `is not`. */
export const patternWords: Readonly<Record<string, string>> = {
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "a name of lower-case letters, digits and dashes within",
  "^[a-z]([-a-z0-9]*[a-z0-9])?$": "a name of lower-case letters, digits and dashes within, a letter in front",
  "^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$": "a name of lower-case letters, digits, dashes within, and `*` in a pattern",
  "^([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$":
    "a name of lower-case letters, digits and single dashes, with a letter",
  "^\\.?[-_A-Za-z0-9][-._A-Za-z0-9]*$": "a key of letters, digits, `-`, `_` and `.`",
  "^[-._a-zA-Z0-9]+$": "a file name of letters, digits, `-`, `_` and `.`",
  "^[A-Za-z_][A-Za-z0-9_.-]*$": "a name of letters, digits, `_`, `.` and `-` without a digit in front",
  "^[^/]+/\\.?[-_A-Za-z0-9][-._A-Za-z0-9]*$": "a set and a key in it, as in `postgres/url`",
  "^([A-Za-z0-9]([-A-Za-z0-9.]{0,251}[A-Za-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$":
    "a key of Kubernetes, as `example.com/team`",
  "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$":
    "a key of Kubernetes, as `example.com/team`",
  "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$": "a label's value of letters, digits, `-`, `_` and `.`",
  "^(\\*\\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.)*[0-9]*[a-z]([-a-z0-9]{0,61}[a-z0-9])?$":
    "a host name of lower-case letters, digits, dashes and dots",
  "^/": "a path that starts with `/`",
  "^/[!-_a-~]*$": "a path that starts with `/`, without spaces",
  "^(/[^:/]+)+$": "a path that starts with `/`, without `:`",
  "^/+[^:/][^:]*$": "a path below `/`, without `:`",
  "^https://": "an address that starts with `https://`",
  "^(/|https?://[^/])": "a path that starts with `/`, or an address with `https://`",
  "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$": "a time such as `90s`, `5m` or `1h30m`",
  "^(100|[1-9]?[0-9])%$": "a percentage up to `100%`",
};
