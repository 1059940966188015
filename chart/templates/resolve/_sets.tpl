{{/*
Gives the application's secret sets as JSON {app: {path, environment, secretName, keys}}; the seed's unnamed set is `app`.
Takes {scope, secrets, environment}, the last from the manifest's own environment.
*/}}
{{- define "fairlead.secrets" -}}
{{- $sets := dict -}}
{{- if .secrets -}}
  {{- $map := .scope.cluster.infisical.environments | default dict -}}
  {{- $key := include "fairlead.keyFor" (dict "map" $map "name" .scope.environment) -}}
  {{- $set := dict
    "environment" (.environment | default (get $map $key) | default .scope.environment)
    "secretName" (printf "%s-secrets" .scope.name)
    "keys" (.secrets.env | default dict)
  -}}
  {{- include "fairlead.prune" $set -}}
  {{- with .secrets.path -}}
    {{- $_ := set $set "path" . -}}
  {{- end -}}
  {{- $_ := set $sets "app" $set -}}
{{- end -}}
{{- toJson $sets -}}
{{- end -}}
