{{/* Takes {application, component}. */}}
{{- define "fairlead.podTemplate" -}}
metadata:
  labels:
    {{- include "fairlead.labels" . | nindent 4 }}
    {{- with .component.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "fairlead.podAnnotations" . | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  {{- include "fairlead.patched" (dict "text" (include "fairlead.podSpec" . | trim) "patch" (.component.patch | default dict).podSpec) | nindent 2 }}
{{- end -}}

{{/* The pod of a component. Takes {application, component}. */}}
{{- define "fairlead.podSpec" -}}
{{- $component := .component -}}
{{- with $component.serviceAccount }}
serviceAccountName: {{ .name | quote }}
{{- end }}
automountServiceAccountToken: {{ ($component.serviceAccount | default dict).automount | default false }}
enableServiceLinks: false
{{- if has $component.kind (list "Job" "CronJob") }}
restartPolicy: Never
{{- end }}
terminationGracePeriodSeconds: {{ $component.terminationGracePeriodSeconds }}
{{- if and $component.pulls .application.pullSecret }}
imagePullSecrets:
  - name: {{ $component.pullSecret | default .application.pullSecret | quote }}
{{- end }}
{{- with $component.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $component.hostAccess.network }}
hostNetwork: true
dnsPolicy: ClusterFirstWithHostNet
{{- end }}
{{- if $component.hostAccess.pid }}
hostPID: true
{{- end }}
{{- if $component.hostAccess.ipc }}
hostIPC: true
{{- end }}
{{- with $component.priorityClass }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with get $component $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with $component.spread }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if or $component.storage $component.initContainers }}
initContainers:
  {{- if $component.storage }}
  {{- include "fairlead.ownerContainer" . | nindent 2 }}
  {{- end }}
  {{- range $component.initContainers }}
  {{- include "fairlead.container" (merge (dict "mounts" $component.mounts) .) | nindent 2 }}
  {{- end }}
{{- end }}
containers:
  {{- include "fairlead.ownContainer" $component | nindent 2 }}
{{- with $component.volumes }}
volumes:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
Gives a new hostPath folder, which the kubelet makes as root and which fsGroup does not reach, to UID 1000. The one
container that needs more than the restricted level: root, to change owners; DAC_OVERRIDE and FOWNER, to reach what it
does not own. Takes {application, component}.
*/}}
{{- define "fairlead.ownerContainer" -}}
- name: storage-owner
  image: {{ .application.cluster.storage.ownerImage | quote }}
  command: [chown, -R, "1000:1000", {{ .component.storage.mountPath | toJson }}]
  securityContext:
    runAsUser: 0
    runAsNonRoot: false
    allowPrivilegeEscalation: false
    capabilities:
      drop: [ALL]
      add: [CHOWN, DAC_OVERRIDE, FOWNER]
  volumeMounts:
    - name: data
      mountPath: {{ .component.storage.mountPath | quote }}
{{- end -}}

{{/* The component's own container, with its patch. Takes the component. */}}
{{- define "fairlead.ownContainer" -}}
{{- $text := include "fairlead.container" . -}}
{{- with (.patch | default dict).container -}}
  {{- $text = list (include "fairlead.patched" (dict "text" ($text | replace "\n  " "\n" | trimPrefix "- ") "patch" .) | fromYaml) | toYaml -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* One container: the component itself, or one of its init containers and sidecars. Takes it. */}}
{{- define "fairlead.container" -}}
- name: {{ .containerName | quote }}
  image: {{ .image | quote }}
  imagePullPolicy: {{ .imagePullPolicy }}
  {{- if .sidecar }}
  {{- /* What makes an init container a sidecar. */}}
  restartPolicy: Always
  {{- end }}
  {{- with .command }}
  command: {{ toJson . }}
  {{- end }}
  {{- with .args }}
  args: {{ toJson . }}
  {{- end }}
  {{- with .securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .ports }}
  ports:
    {{- range . }}
    - name: {{ .name | quote }}
      containerPort: {{ .port }}
      {{- if ne .protocol "TCP" }}
      protocol: {{ .protocol }}
      {{- end }}
      {{- with .hostPort }}
      hostPort: {{ . }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- with .envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .env }}
  env:
    {{- range . }}
    {{- include "fairlead.variable" . | nindent 4 }}
    {{- end }}
  {{- end }}
  resources:
    {{- toYaml .resources | nindent 4 }}
  {{- with .probes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- /* The pod serves on while the routers take it out of rotation. */}}
  {{- with .lifecycle }}
  lifecycle:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .mounts }}
  volumeMounts:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* One variable of a container. Takes an entry of `env`. */}}
{{- define "fairlead.variable" -}}
- name: {{ .name | quote }}
  {{- if hasKey . "value" }}
  value: {{ .value | toJson }}
  {{- else }}
  valueFrom:
    {{- with .field }}
    fieldRef:
      fieldPath: {{ . | quote }}
    {{- end }}
    {{- with .resource }}
    resourceFieldRef:
      resource: {{ . | quote }}
    {{- end }}
    {{- range $type, $word := dict "secret" "secretKeyRef" "config" "configMapKeyRef" }}
    {{- if hasKey $ $type }}
    {{ $word }}:
      name: {{ get $ $type | quote }}
      key: {{ $.key | quote }}
      {{- if $.optional }}
      optional: true
      {{- end }}
    {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
