{{/*
Notes an error once, though several heirs of one value may meet it; the chart reports all of them at the end.
Takes {scope, code, at, message}. `at` is the list of keys below `spec`; the path in the report is where the value was
written. An error outside `spec` gives `path` instead of `at`.
*/}}
{{- define "fairlead.error" -}}
{{- $path := .path | default "" -}}
{{- if .at -}}
  {{- $path = include "fairlead.place" (dict "scope" .scope "at" .at) -}}
{{- end -}}
{{- $known := printf "%s\n%s\n%s" .code $path .message -}}
{{- if not (hasKey .scope.known $known) -}}
  {{- $_ := set .scope.known $known true -}}
  {{- $_ := set .scope "errors" (append .scope.errors (dict "code" .code "path" $path "message" .message)) -}}
{{- end -}}
{{- end -}}

{{/* Notes once something that works but should be spelled otherwise. Takes {scope, path, message}. */}}
{{- define "fairlead.notice" -}}
{{- $known := printf "%s\n%s" .path .message -}}
{{- if not (hasKey .scope.known $known) -}}
  {{- $_ := set .scope.known $known true -}}
  {{- $_ := set .scope "notices" (append .scope.notices (dict "path" .path "message" .message)) -}}
{{- end -}}
{{- end -}}

{{/*
Gives the path of a key below `spec`, where the user wrote its value: in the environment before `spec`, of a component
itself before the one that it extends and before the defaults. What nobody wrote belongs to the component itself, as near to
it as anything was written. Takes {scope, at}.
*/}}
{{- define "fairlead.place" -}}
{{- $scope := .scope -}}
{{- $places := list .at -}}
{{- if and (eq (first .at | toString) "components") (gt (len .at) 2) -}}
  {{- $rest := slice .at 2 -}}
  {{- with (get ($scope.layers | default dict) (index .at 1) | default dict).extends -}}
    {{- $places = append $places (concat (list "components" .) $rest) -}}
  {{- end -}}
  {{- $places = append $places (prepend $rest "defaults") -}}
{{- else -}}
  {{- $places = append $places (prepend .at "defaults") -}}
{{- end -}}
{{- $path := "" -}}
{{- $near := dict "root" "spec" "depth" 0 -}}
{{- range $index, $keys := $places -}}
  {{- range $layer := $scope.written -}}
    {{- $trace := include "fairlead.trace" (dict "here" $layer.body "keys" $keys) | fromJson -}}
    {{- if and $trace.found (not $path) -}}
      {{- $path = join "." (prepend $trace.path $layer.root) -}}
    {{- else if and (eq $index 0) (ge (int $trace.depth) (int $near.depth)) -}}
      {{- $near = dict "root" $layer.root "depth" $trace.depth -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $path | default (join "." (prepend .at $near.root)) -}}
{{- end -}}

{{/*
Follows keys into what was written, shorthands and older spellings included, as JSON {found, path, depth}: `path` is how the
user spelled it, `depth` how many keys were there. Takes {here, keys}.
*/}}
{{- define "fairlead.trace" -}}
{{- $here := .here -}}
{{- $path := list -}}
{{- $found := true -}}
{{- range $index, $key := .keys -}}
  {{- $key = toString $key -}}
  {{- if kindIs "map" $here -}}
    {{- $next := index (append $.keys "") (add1 $index) | toString -}}
    {{- $spelled := list -}}
    {{- if hasKey $here $key -}}
      {{- $spelled = list $key -}}
    {{- else if and (eq $key "ports") (has $next (list "http" "")) (hasKey $here "port") -}}
      {{- $spelled = list "port" -}}
    {{- else if and (eq $key "files") (not $next) (hasKey $here "configFiles") -}}
      {{- $spelled = list "configFiles" -}}
    {{- else if and (eq $key "files") (hasKey ($here.configFiles | default dict) (trimPrefix "/app/" $next)) -}}
      {{- $spelled = list "configFiles" (trimPrefix "/app/" $next) -}}
    {{- else if and (eq $key "startup") (hasKey $here "startupFailureThreshold") -}}
      {{- $spelled = list "startupFailureThreshold" -}}
    {{- else if and (eq $key "public") (hasKey $here "private") -}}
      {{- $spelled = list "private" -}}
    {{- else -}}
      {{- $found = false -}}
      {{- break -}}
    {{- end -}}
    {{- range $spelled -}}
      {{- $here = get $here . -}}
    {{- end -}}
    {{- $path = concat $path $spelled -}}
    {{- if ne (first $spelled) $key -}}
      {{- break -}}
    {{- end -}}
  {{- else if and (kindIs "slice" $here) (regexMatch "^[0-9]+$" $key) (lt (int $key) (len $here)) -}}
    {{- $here = index $here (int $key) -}}
    {{- $path = append $path $key -}}
  {{- else -}}
    {{- $found = or (not (kindIs "slice" $here)) (has $key $here) -}}
    {{- break -}}
  {{- end -}}
{{- end -}}
{{- dict "found" $found "path" $path "depth" (len $path) | toJson -}}
{{- end -}}

{{/* Gives one error as a line: `CODE: path: sentence`. Takes {code, path, message}. */}}
{{- define "fairlead.errorLine" -}}
{{ .code }}: {{ with .path }}{{ . }}: {{ end }}{{ .message }}
{{- end -}}
