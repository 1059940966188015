{{/*
The seed's static volume: a folder on the node that outlives the release (Retain; and Helm keeps both objects).
Takes {application, component}.
*/}}
{{- define "fairlead.kinds.storage" -}}
{{- with .component.storage }}
---
apiVersion: v1
kind: PersistentVolume
metadata:
  name: {{ .volume | quote }}
  annotations:
    helm.sh/resource-policy: keep
  labels:
    {{- include "fairlead.labels" $ | nindent 4 }}
spec:
  capacity:
    storage: {{ .size | quote }}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: manual
  hostPath:
    path: {{ .hostPath | quote }}
    type: DirectoryOrCreate
  {{- with $.application.cluster.storage.node }}
  {{- /* Elsewhere the folder is empty. */}}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            - { key: kubernetes.io/hostname, operator: In, values: [{{ . | quote }}] }
  {{- end }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .claim) $) | nindent 2 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: {{ .size | quote }}
  storageClassName: manual
  volumeName: {{ .volume | quote }}
{{- end }}
{{- end -}}

{{/* Claims of a component that are no storage of the seed's; Helm keeps them. Takes {application, component}. */}}
{{- define "fairlead.kinds.claims" -}}
{{- range .component.claims }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .name) $) | nindent 2 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  {{- include "fairlead.claimSpec" . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Takes {size, accessMode, storageClass?}. */}}
{{- define "fairlead.claimSpec" -}}
accessModes: [{{ .accessMode }}]
{{- if hasKey . "storageClass" }}
storageClassName: {{ .storageClass | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .size | quote }}
{{- end -}}
