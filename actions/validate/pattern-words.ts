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
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$":
    "a name of lower-case letters, digits, dashes and dots",
  "^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])(/(TCP|UDP|SCTP))?$":
    "a port from 1 to 65535, with its protocol as in `8600/UDP`",
  "^(([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?/)?[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(@sha256:[0-9a-f]{64})?$":
    "an image such as `registry.example.com/my-app:1.4.2`, in lower case and without `https://`",
  "^[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}$": "a tag of letters, digits, `_`, `.` and `-`",
  "^(metadata\\.(name|namespace|uid|(labels|annotations)\\['[^']+'\\])|spec\\.(nodeName|serviceAccountName)|status\\.(hostIPs?|podIPs?))$":
    "a field that a variable can take, as `metadata.name`, `spec.nodeName` or `status.podIP`",
  "^(limits|requests)\\.(cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMG]i)$":
    "`limits` or `requests` of `cpu`, `memory`, `ephemeral-storage` or huge pages",
  "^[0-9]{1,4}%$": "a percentage such as `25%`",
};

/** What is wrong with a text that matches a pattern which the schema refuses, in words that follow the text. */
export const refusedWords: Readonly<Record<string, string>> = {
  "^(0+[hms])*$": "is no time at all",
  "(^/|(^|/)\\.\\.(/|$))": "leads out of the volume",
  "(^|/)\\.\\.(/|$)": "has `..` in it",
  "^(files$|(secret|config|writable)-)": "is a name of the chart's own volumes",
  "^(environment$|app\\.kubernetes\\.io/)": "is a label that the chart sets",
};
