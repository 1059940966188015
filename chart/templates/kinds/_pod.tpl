{{/* Takes {application, component}. */}}
{{- define "fairlead.podTemplate" -}}
metadata:
  labels:
    {{- include "fairlead.labels" . | nindent 4 }}
  {{- with .component.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "fairlead.podSpec" . | nindent 2 }}
{{- end -}}

{{/* The pod of a component. Takes {application, component}. */}}
{{- define "fairlead.podSpec" -}}
{{- $component := .component -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- if has $component.kind (list "Job" "CronJob") }}
restartPolicy: Never
{{- end }}
terminationGracePeriodSeconds: {{ $component.terminationGracePeriodSeconds }}
{{- with .application.pullSecret }}
imagePullSecrets:
  - name: {{ . | quote }}
{{- end }}
securityContext:
  {{- if not $component.runAsRoot }}
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with $component.spread }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $component.storage }}
initContainers:
  {{- include "fairlead.ownerContainer" $ | nindent 2 }}
{{- end }}
containers:
  {{- include "fairlead.container" . | nindent 2 }}
{{- with $component.storage }}
volumes:
  - name: data
    persistentVolumeClaim:
      claimName: {{ .claim | quote }}
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

{{/* The component's own container. Takes {application, component}. */}}
{{- define "fairlead.container" -}}
{{- $component := .component -}}
- name: {{ $component.containerName | quote }}
  image: {{ $component.image | quote }}
  imagePullPolicy: {{ $component.imagePullPolicy }}
  {{- with $component.command }}
  command: {{ toJson . }}
  {{- end }}
  {{- with $component.args }}
  args: {{ toJson . }}
  {{- end }}
  {{- if not $component.runAsRoot }}
  securityContext:
    allowPrivilegeEscalation: false
    capabilities:
      drop: [ALL]
  {{- end }}
  {{- with $component.ports }}
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
  {{- with $component.env }}
  env:
    {{- range . }}
    - name: {{ .name | quote }}
      {{- if .secret }}
      valueFrom:
        secretKeyRef:
          name: {{ .secret | quote }}
          key: {{ .key | quote }}
      {{- else }}
      value: {{ .value | toJson }}
      {{- end }}
    {{- end }}
  {{- end }}
  resources:
    {{- toYaml $component.resources | nindent 4 }}
  {{- with $component.probes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- /* The pod serves on while the routers take it out of rotation. */}}
  {{- with $component.lifecycle }}
  lifecycle:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $component.storage }}
  volumeMounts:
    - name: data
      mountPath: {{ .mountPath | quote }}
  {{- end }}
{{- end -}}
