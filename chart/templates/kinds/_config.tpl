{{/* The configuration sets, one ConfigMap for each namespace that uses one. Takes the resolved application. */}}
{{- define "fairlead.kinds.config" -}}
{{- range $set := .config }}
{{- range $copy := $set.copies }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "namespace" $copy.namespace "name" (printf "%s%s" $set.configName $copy.suffix)) | nindent 2 }}
  {{- with include "fairlead.hookBefore" (dict "before" $copy.suffix) }}{{ . | trim | nindent 2 }}{{ end }}
data:
  {{- toYaml $set.data | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The files of a component whose text the manifest holds. Takes {application, component}. */}}
{{- define "fairlead.kinds.files" -}}
{{- with .component.files }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" (printf "%s-files" $.component.name)) $) | nindent 2 }}
  {{- with include "fairlead.hookBefore" (dict "before" (eq ($.component.when | default "") "pre-deploy")) }}{{ . | trim | nindent 2 }}{{ end }}
data:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
