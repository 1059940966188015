{{/*
Gives the key of a map that stands for a name: the name itself, else the first pattern (`pr-*`) that fits, else nothing.
Takes {map, name}.
*/}}
{{- define "fairlead.keyFor" -}}
{{- $found := "" -}}
{{- if hasKey .map .name -}}
  {{- $found = .name -}}
{{- else -}}
  {{- $name := .name -}}
  {{- range $key := keys .map | sortAlpha -}}
    {{- if and (not $found) (contains "*" $key) (regexMatch (printf "^%s$" ($key | regexQuoteMeta | replace `\*` ".*")) $name) -}}
      {{- $found = $key -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/*
Gives, as JSON, which push deploys an environment: {branch} ("" is the default branch), {tag} (a pattern), or {}.
Takes {scope, name, body}. The seed wrote `branch` or `tag`, where the tag `main` meant the branch and `next` any version.
*/}}
{{- define "fairlead.deployRule" -}}
{{- $rule := dict -}}
{{- $path := printf "environments.%s" .name -}}
{{- if .body.deploy -}}
  {{- $rule = .body.deploy -}}
{{- else if .body.branch -}}
  {{- $rule = dict "branch" .body.branch -}}
  {{- include "fairlead.notice" (dict "scope" .scope "path" (printf "%s.branch" $path) "message" "write deploy: {branch: …} instead") -}}
{{- else if .body.tag -}}
  {{- $rule = dict "main" (dict "branch" "main") "next" (dict "tag" "v*") | dig .body.tag (dict "tag" .body.tag) -}}
  {{- include "fairlead.notice" (dict "scope" .scope "path" (printf "%s.tag" $path) "message" "write deploy: {branch: …} or deploy: {tag: …} instead") -}}
{{- else if eq .name "staging" -}}
  {{- $rule = dict "branch" "" -}}
{{- else if eq .name "prod" -}}
  {{- $rule = dict "tag" "v*" -}}
{{- end -}}
{{- toJson $rule -}}
{{- end -}}
