{{/*
Asks Infisical's operator to copy each set of secrets into a Secret in every namespace that uses it.
Its definition (secrets.infisical.com/v1alpha1) demands resyncInterval, in seconds. Takes the resolved application.
*/}}
{{- define "fairlead.kinds.infisicalSecret" -}}
{{- $infisical := .cluster.infisical }}
{{- range $set := .secrets }}
{{- if $set.path }}
{{- range $copy := $set.copies }}
{{- $secretName := printf "%s%s" $set.secretName $copy.suffix }}
---
apiVersion: secrets.infisical.com/v1alpha1
kind: InfisicalSecret
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "namespace" $copy.namespace "name" (printf "%s-infisical%s" (trimSuffix "-secrets" $set.secretName) $copy.suffix)) | nindent 2 }}
  {{- with include "fairlead.hookBefore" (dict "before" $copy.suffix) }}{{ . | trim | nindent 2 }}{{ end }}
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
    - secretName: {{ $secretName | quote }}
      secretNamespace: {{ $copy.namespace | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
