{{/*
Registry credentials from values in each namespace, for deploys by plain Helm; the deploy action makes this Secret itself, so that no
password enters a release. Takes {application, registry}.
*/}}
{{- define "fairlead.kinds.pullSecret" -}}
{{- if and .registry.username .registry.password (eq .application.pullSecret (.application.cluster.pullSecret | default "")) }}
{{- $account := dict "username" .registry.username "password" .registry.password "auth" (printf "%s:%s" .registry.username .registry.password | b64enc) }}
{{- $server := .registry.server | default .application.cluster.registry }}
{{- range $namespace, $_ := .application.namespaces }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "fairlead.metadata" (dict "application" $.application "namespace" $namespace "name" $.application.pullSecret) | nindent 2 }}
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: {{ dict "auths" (dict $server $account) | toJson | b64enc }}
{{- end }}
{{- end }}
{{- end -}}
