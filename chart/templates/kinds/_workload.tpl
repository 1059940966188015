{{/* The object that runs a component's pods, by its kind. Takes {application, component, revision}. */}}
{{- define "fairlead.kinds.workload" -}}
{{- $kind := .component.kind }}
{{- if eq $kind "Job" }}
{{- include "fairlead.kinds.job" . }}
{{- else if eq $kind "CronJob" }}
{{- include "fairlead.kinds.cronJob" . }}
{{- else }}
---
{{ include "fairlead.patched" (dict "text" (include "fairlead.objects.workload" .) "patch" (.component.patch | default dict).workload) }}
{{- end }}
{{- end -}}

{{/* A Deployment, StatefulSet or DaemonSet. Takes {application, component}. */}}
{{- define "fairlead.objects.workload" -}}
{{- $kind := .component.kind -}}
apiVersion: apps/v1
kind: {{ $kind }}
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .component.name) .) | nindent 2 }}
  {{- with merge (dict) (.component.reload | default dict) (ternary (dict "jterrazz.com/repository" .application.repository) dict (hasKey .application "repository")) }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if and (hasKey .component "replicas") (not .component.autoscaling) }}
  replicas: {{ .component.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  {{- if eq $kind "Deployment" }}
  {{- with (.component.health | default dict).startup }}
  progressDeadlineSeconds: {{ add .within 60 }}
  {{- end }}
  {{- end }}
  {{- if eq $kind "StatefulSet" }}
  serviceName: {{ .component.service.headless | default .component.service.name | quote }}
  {{- with .component.podManagementPolicy }}
  podManagementPolicy: {{ . }}
  {{- end }}
  persistentVolumeClaimRetentionPolicy:
    whenDeleted: Retain
    whenScaled: Retain
  {{- end }}
  {{- with .component.strategy }}
  {{ ternary "strategy" "updateStrategy" (eq $kind "Deployment") }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "fairlead.selector" . | nindent 6 }}
  template:
    {{- include "fairlead.podTemplate" . | nindent 4 }}
  {{- with .component.claimTemplates }}
  volumeClaimTemplates:
    {{- range . }}
    - metadata:
        name: {{ .name | quote }}
      spec:
        {{- include "fairlead.claimSpec" . | nindent 8 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/*
A Job cannot be changed, so another name is another run: by its content, or by the release's revision for one that runs on
every deploy. Before and after a deploy it is a hook of Helm's. Takes {application, component, revision}.
*/}}
{{- define "fairlead.kinds.job" -}}
{{- $spec := include "fairlead.jobSpec" . }}
{{- $when := .component.when }}
{{- $name := .component.name }}
{{- if eq $when "on-change" }}
{{- $name = printf "%s-%s" $name (sha256sum $spec | trunc 10) }}
{{- else if eq $when "every-deploy" }}
{{- $name = printf "%s-%d" $name (int .revision) }}
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" $name) .) | nindent 2 }}
  {{- with get (dict "pre-deploy" "pre-install,pre-upgrade" "post-deploy" "post-install,post-upgrade") $when }}
  annotations:
    helm.sh/hook: {{ . }}
    helm.sh/hook-delete-policy: before-hook-creation
  {{- end }}
spec:
  {{- $spec | nindent 2 }}
{{- end -}}

{{/* Takes {application, component}. */}}
{{- define "fairlead.kinds.cronJob" }}
---
{{ include "fairlead.patched" (dict "text" (include "fairlead.objects.cronJob" .) "patch" (.component.patch | default dict).workload) }}
{{- end -}}

{{/* Takes {application, component}. */}}
{{- define "fairlead.objects.cronJob" -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .component.name) .) | nindent 2 }}
spec:
  schedule: {{ .component.schedule | quote }}
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      {{- include "fairlead.jobSpec" . | nindent 6 }}
{{- end -}}

{{/* Takes {application, component}. */}}
{{- define "fairlead.jobSpec" -}}
{{- $text := printf "%s\ntemplate:%s" (toYaml .component.job) (include "fairlead.podTemplate" . | nindent 2) -}}
{{- $patch := ternary ((.component.patch | default dict).workload | default dict).spec dict (eq .component.kind "Job") -}}
{{- include "fairlead.patched" (dict "text" $text "patch" $patch) -}}
{{- end -}}
