{{/* With several pods, a drained node takes one at a time, and never waits for a pod that is broken anyway. Takes {application, component}. */}}
{{- define "fairlead.kinds.disruptionBudget" -}}
{{- if gt (int .component.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "fairlead.metadata" (dict "application" .application "name" .component.name) | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "fairlead.selector" .application | nindent 6 }}
{{- end }}
{{- end -}}
