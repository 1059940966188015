{{/* Objects that the manifest brings as they are. Takes the resolved application. */}}
{{- define "fairlead.kinds.manifests" -}}
{{- range .manifests }}
---
{{ toYaml . }}
{{- end }}
{{- end -}}
