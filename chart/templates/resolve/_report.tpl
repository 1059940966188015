{{/*
Notes an error; the chart reports all of them at the end.
Takes {scope, code, at, message}. `at` is the list of keys below `spec`; the path in the report is where the value was
written, in the environment or in `spec`. An error outside `spec` gives `path` instead of `at`.
*/}}
{{- define "fairlead.error" -}}
{{- $path := .path | default "" -}}
{{- if .at -}}
  {{- $path = include "fairlead.place" (dict "scope" .scope "at" .at) -}}
{{- end -}}
{{- $_ := set .scope "errors" (append .scope.errors (dict "code" .code "path" $path "message" .message)) -}}
{{- end -}}

{{/* Notes something that works but should be spelled otherwise. Takes {scope, path, message}. */}}
{{- define "fairlead.notice" -}}
{{- $_ := set .scope "notices" (append .scope.notices (dict "path" .path "message" .message)) -}}
{{- end -}}

{{/* Gives the path of a key below `spec`: in the environment when that sets it, else in `spec`. Takes {scope, at}. */}}
{{- define "fairlead.place" -}}
{{- $here := .scope.overlay -}}
{{- $set := true -}}
{{- range .at -}}
  {{- if kindIs "map" $here -}}
    {{- $set = and $set (hasKey $here .) -}}
    {{- $here = get $here . -}}
  {{- end -}}
{{- end -}}
{{- $root := ternary (printf "environments.%s" .scope.declared) "spec" (and $set (not (empty .scope.overlay))) -}}
{{- join "." (prepend .at $root) -}}
{{- end -}}

{{/* Gives one error as a line: `CODE: path: sentence`. Takes {code, path, message}. */}}
{{- define "fairlead.errorLine" -}}
{{ .code }}: {{ with .path }}{{ . }}: {{ end }}{{ .message }}
{{- end -}}
