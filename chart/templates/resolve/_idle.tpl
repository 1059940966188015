{{/* What a manifest says and nothing comes of, though each value by itself is right: most likely a mistake, so a warning. */}}

{{/*
Warns of keys that a component itself says, and that its kind or its other keys leave without an effect. What `defaults` or a
parent bring along is meant for others too. Takes {call, at, component, layer, routed}; `layer` is what was written of it.
*/}}
{{- define "fairlead.warnOfIdle" -}}
{{- $given := . -}}
{{- $kind := .component.kind -}}
{{- $rolling := list "Deployment" "StatefulSet" "DaemonSet" -}}
{{- $uses := dict
  "schedule" (list "CronJob")
  "when" (list "Job")
  "retries" (list "Job" "CronJob")
  "deadline" (list "Job" "CronJob")
  "podManagementPolicy" (list "StatefulSet")
  "updateStrategy" $rolling
  "replicas" (initial $rolling)
  "pdb" (initial $rolling)
  "spread" (initial $rolling)
-}}
{{- range $key, $kinds := $uses -}}
  {{- if not (or (has $kind $kinds) (not (hasKey $given.layer $key)) (kindIs "invalid" (get $given.layer $key))) -}}
    {{- include "fairlead.warnIdle" (dict "given" $given "at" (list $key) "message" (printf "a %s takes no %s; it is for a %s" $kind $key (join " or a " $kinds))) -}}
  {{- end -}}
{{- end -}}
{{- $type := (.component.strategy | default dict).type | default "" -}}
{{- range $key, $value := omit (.layer.updateStrategy | default dict) "type" -}}
  {{- if and (has $type (list "Recreate" "OnDelete")) (not (kindIs "invalid" $value)) -}}
    {{- include "fairlead.warnIdle" (dict "given" $given "at" (list "updateStrategy" $key) "message" (printf "%s takes no %s" $type $key)) -}}
  {{- end -}}
{{- end -}}
{{- $patch := .layer.patch | default dict -}}
{{- if and $patch.service (not .component.service) -}}
  {{- include "fairlead.warnIdle" (dict "given" $given "at" (list "patch" "service") "message" "there is no Service to patch: the component has no port") -}}
{{- end -}}
{{- if and $patch.ingress (not .routed) -}}
  {{- include "fairlead.warnIdle" (dict "given" $given "at" (list "patch" "ingress") "message" "there is no route to patch: none leads to the component") -}}
{{- end -}}
{{- end -}}

{{/* Takes {given, at, message}: the call of "fairlead.warnOfIdle", and the key below the component. */}}
{{- define "fairlead.warnIdle" -}}
{{- include "fairlead.warning" (dict "call" .given.call "code" "APP_NO_EFFECT" "at" (concat .given.at .at) "message" .message) -}}
{{- end -}}
