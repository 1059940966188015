{{/*
Asks Infisical's operator to copy each set of secrets into a Secret in every namespace that uses it.
`cluster.infisical.api` says which of its two definitions is there; v1alpha1 demands resyncInterval, in seconds. Takes the resolved application.
*/}}
{{- define "fairlead.kinds.infisicalSecret" -}}
{{- $infisical := .cluster.infisical }}
{{- range $set := .secrets }}
{{- if and $set.path (not $set.synced) }}
{{- range $copy := $set.copies }}
{{- $secretName := printf "%s%s" $set.secretName $copy.suffix }}
---
{{- if eq ($infisical.api | default "v1alpha1") "v1beta1" }}
apiVersion: secrets.infisical.com/v1beta1
kind: InfisicalStaticSecret
{{- else }}
apiVersion: secrets.infisical.com/v1alpha1
kind: InfisicalSecret
{{- end }}
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "namespace" $copy.namespace "name" (printf "%s-infisical%s" (trimSuffix "-secrets" $set.secretName) $copy.suffix)) | nindent 2 }}
  {{- with include "fairlead.hookBefore" (dict "before" $copy.suffix) }}{{ . | trim | nindent 2 }}{{ end }}
spec:
  {{- if eq ($infisical.api | default "v1alpha1") "v1beta1" }}
  infisicalAuthRef:
    {{- toYaml $infisical.authRef | nindent 4 }}
  syncOptions:
    refreshInterval: 60s
  sources:
    - projectSlug: {{ $infisical.project | quote }}
      environmentSlug: {{ $set.environment | quote }}
      secretPath: {{ $set.path | quote }}
  targets:
    - name: {{ $secretName | quote }}
      namespace: {{ $copy.namespace | quote }}
      kind: Secret
      creationPolicy: Owner
  {{- else }}
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
{{- end }}
{{- end -}}
