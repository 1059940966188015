{{/* What a drained node may take at a time; it never waits for a pod that is broken anyway. Takes {application, component}. */}}
{{- define "fairlead.kinds.disruptionBudget" -}}
{{- with .component.pdb }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" $.component.name) $) | nindent 2 }}
spec:
  {{- toYaml . | nindent 2 }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "fairlead.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}
