{{/* A number of pods that follows what they use. The workload then says no number of its own. Takes {application, component}. */}}
{{- define "fairlead.kinds.autoscaler" -}}
{{- with .component.autoscaling }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" (.name | default $.component.name)) $) | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: {{ $.component.kind }}
    name: {{ $.component.name | quote }}
  minReplicas: {{ .min }}
  maxReplicas: {{ .max }}
  metrics:
    {{- range $resource := list "cpu" "memory" }}
    {{- with get $.component.autoscaling $resource }}
    - type: Resource
      resource:
        name: {{ $resource }}
        target:
          type: Utilization
          averageUtilization: {{ . }}
    {{- end }}
    {{- end }}
  {{- with .behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
