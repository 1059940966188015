{{/* Where Prometheus' operator reads a component's metrics; without the operator, annotations of the pods say it. Takes {application, component}. */}}
{{- define "fairlead.kinds.serviceMonitor" -}}
{{- if and .component.metrics (eq .application.cluster.metrics.kind "serviceMonitor") }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .component.name) .) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "fairlead.selector" . | nindent 6 }}
  endpoints:
    - port: {{ .component.metrics.name | quote }}
      path: {{ .component.metrics.path | quote }}
{{- end }}
{{- end -}}

{{/* Annotations of the pods of a component: its own, those by which Prometheus finds it, its checksum. Takes {application, component}. */}}
{{- define "fairlead.podAnnotations" -}}
{{- with .component.annotations }}
{{ toYaml . }}
{{- end }}
{{- with .component.metrics }}
{{- if eq $.application.cluster.metrics.kind "annotations" }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .port | toString | quote }}
prometheus.io/path: {{ .path | quote }}
{{- end }}
{{- end }}
{{- with .component.checksum }}
checksum/config: {{ . }}
{{- end }}
{{- end -}}
