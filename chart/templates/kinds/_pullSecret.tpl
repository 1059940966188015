{{/*
Registry credentials from values in each namespace, for deploys by plain Helm; the deploy action makes this Secret itself, so that no
password enters a release. A Job before the deploy has a copy that comes before it. Takes {application, registry}.
*/}}
{{- define "fairlead.kinds.pullSecret" -}}
{{- if .application.pullSecretRendered }}
{{- $account := dict "username" .registry.username "password" .registry.password "auth" (printf "%s:%s" .registry.username .registry.password | b64enc) }}
{{- $server := .registry.server | default .application.cluster.registry }}
{{- $copies := list }}
{{- range $namespace, $_ := .application.namespaces }}
{{- $copies = append $copies (dict "namespace" $namespace "name" $.application.pullSecret) }}
{{- end }}
{{- range $component := .application.components }}
{{- with $component.pullSecret }}
{{- $copies = append $copies (dict "namespace" $component.namespace "name" .) }}
{{- end }}
{{- end }}
{{- range $copies | uniq }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "fairlead.metadata" (dict "application" $.application "namespace" .namespace "name" .name) | nindent 2 }}
  {{- with include "fairlead.hookBefore" (dict "before" (ne .name $.application.pullSecret)) }}{{ . | trim | nindent 2 }}{{ end }}
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: {{ dict "auths" (dict $server $account) | toJson | b64enc }}
{{- end }}
{{- end }}
{{- end -}}
