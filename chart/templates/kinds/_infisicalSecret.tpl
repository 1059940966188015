{{/*
Asks Infisical's operator to copy the application's secrets into a Secret.
Its definition (secrets.infisical.com/v1alpha1) demands resyncInterval, in seconds. Takes the resolved application.
*/}}
{{- define "fairlead.kinds.infisicalSecret" -}}
{{- $infisical := .cluster.infisical }}
{{- range $set := .secrets }}
{{- if $set.path }}
---
apiVersion: secrets.infisical.com/v1alpha1
kind: InfisicalSecret
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "name" (printf "%s-infisical" $.name)) | nindent 2 }}
spec:
  hostAPI: {{ printf "%s/api" (trimSuffix "/" $infisical.url | trimSuffix "/api") | quote }}
  resyncInterval: 60
  authentication:
    universalAuth:
      credentialsRef:
        secretName: {{ $infisical.credentialsRef.name | quote }}
        secretNamespace: {{ $infisical.credentialsRef.namespace | quote }}
      secretsScope:
        projectSlug: {{ $infisical.project | quote }}
        envSlug: {{ $set.environment | quote }}
        secretsPath: {{ $set.path | quote }}
  managedKubeSecretReferences:
    - secretName: {{ $set.secretName | quote }}
      secretNamespace: {{ $.namespace | quote }}
{{- end }}
{{- end }}
{{- end -}}
