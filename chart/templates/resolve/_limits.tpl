{{/* What the API server refuses, or could never run, though each value by itself is right: rules between the keys of a component. */}}

{{/* A request above its limit. Takes {scope, at, texts}: the quantities by the keys of `resources`. */}}
{{- define "fairlead.refuseLowLimit" -}}
{{- $call := . -}}
{{- range $resource := list "cpu" "memory" -}}
  {{- $key := printf "%sLimit" $resource -}}
  {{- $request := include "fairlead.amount" (get $call.texts $resource | default "") -}}
  {{- $limit := include "fairlead.amount" (get $call.texts $key | default "") -}}
  {{- if and $request $limit (lt (float64 $limit) (float64 $request)) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_LIMIT_LOW" "at" (concat $call.at (list "resources" $key)) "message" (printf "%s %s is below the request %s: %s" $key (get $call.texts $key) $resource (get $call.texts $resource))) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* A rollout that may neither add nor take a pod; and what a DaemonSet cannot do at once. Takes {scope, at, kind, strategy}. */}}
{{- define "fairlead.refuseStuck" -}}
{{- $rolling := .strategy.rollingUpdate | default dict -}}
{{- $none := list "0" "0%" -}}
{{- $surge := has (get $rolling "maxSurge" | toString) (append $none "") | not -}}
{{- $less := has (get $rolling "maxUnavailable" | toString) $none | not -}}
{{- $key := ternary "maxSurge" "maxUnavailable" (eq .kind "Deployment") -}}
{{- $message := "" -}}
{{- if and $rolling (not $surge) (not $less) -}}
  {{- $message = "without a pod more or less none could ever be replaced; set maxUnavailable: 1" -}}
{{- else if and (eq .kind "DaemonSet") $surge $less -}}
  {{- $message = "a DaemonSet replaces its pods by maxSurge or by maxUnavailable; keep one of them" -}}
{{- end -}}
{{- with $message -}}
  {{- include "fairlead.error" (dict "scope" $.scope "code" "APP_ROLLOUT_STUCK" "at" (concat $.at (list "updateStrategy" $key)) "message" .) -}}
{{- end -}}
{{- end -}}

{{/* A wait before the end that is longer than the end may take. Takes {scope, at, grace, preStop}, in seconds. */}}
{{- define "fairlead.refuseLateEnd" -}}
{{- if gt (int .preStop) (int .grace) -}}
  {{- $key := ternary "preStop" "terminationGracePeriod" (gt (int .preStop) 5) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_PRESTOP_LONG" "at" (append .at $key) "message" (printf "preStop takes %ds of the %ds that the pod has to end (terminationGracePeriod); set a shorter preStop, 0 for none" (int .preStop) (int .grace))) -}}
{{- end -}}
{{- end -}}

{{/* Two things mounted at one path, or one below a file. Takes {call, mounts}. */}}
{{- define "fairlead.refuseMounts" -}}
{{- $call := .call -}}
{{- $mounts := .mounts -}}
{{- $seen := dict -}}
{{- range $mount := $mounts -}}
  {{- $at := list "volumes" .name "mountPath" -}}
  {{- $file := regexMatch `^(files$|(secret|config)-)` .name -}}
  {{- if $file -}}
    {{- $at = list "files" .mountPath -}}
  {{- else if hasPrefix "writable-" .name -}}
    {{- $at = list "writable" (trimPrefix "writable-" .name) -}}
  {{- else if and (eq .name "data") $call.storage -}}
    {{- $at = list "storage" "mountPath" -}}
  {{- end -}}
  {{- $path := toString .mountPath | trimSuffix "/" -}}
  {{- if and .mountPath (hasKey $seen $path) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_MOUNT_TWICE" "at" (concat $call.at $at) "message" (printf "%s is taken by %s already" $path (get $seen $path))) -}}
  {{- end -}}
  {{- $_ := set $seen $path (first $at) -}}
  {{- if $file -}}
    {{- range $mounts -}}
      {{- if hasPrefix (printf "%s/" $path) (toString .mountPath) -}}
        {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_MOUNT_TWICE" "at" (concat $call.at $at) "message" (printf "%s is a file, so %s cannot lie below it" $path .mountPath)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* What contradicts itself in a security context. Takes {scope, at, context}: the fields of container and pod together. */}}
{{- define "fairlead.refuseContext" -}}
{{- $call := . -}}
{{- $context := .context -}}
{{- $profile := $context.seccompProfile | default dict -}}
{{- $escalates := get $context "allowPrivilegeEscalation" | toString -}}
{{- $faults := dict -}}
{{- if and (eq (get $context "runAsUser" | toString) "0") $context.runAsNonRoot -}}
  {{- $_ := set $faults "runAsNonRoot" "user 0 is root, which runAsNonRoot forbids; remove one of them" -}}
{{- end -}}
{{- if and (eq $escalates "false") (or $context.privileged (has "CAP_SYS_ADMIN" (get ($context.capabilities | default dict) "add" | default list))) -}}
  {{- $_ := set $faults "allowPrivilegeEscalation" "a privileged container, or one with CAP_SYS_ADMIN, always may; set it true, or leave it out" -}}
{{- end -}}
{{- if ne (eq ($profile.type | default "") "Localhost") (not (empty $profile.localhostProfile)) -}}
  {{- $_ := set $faults "seccompProfile" "type: Localhost and localhostProfile go together" -}}
{{- end -}}
{{- range $key, $message := $faults -}}
  {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_SECURITY_CONTEXT" "at" (concat $call.at (list "securityContext" $key)) "message" $message) -}}
{{- end -}}
{{- end -}}

{{/* Rules that allow nothing. Takes {scope, at, rbac}. */}}
{{- define "fairlead.refuseRules" -}}
{{- $call := . -}}
{{- range $key, $rules := .rbac -}}
  {{- range $index, $rule := $rules -}}
    {{- $message := "" -}}
    {{- if and $rule.nonResourceURLs (or $rule.apiGroups $rule.resources $rule.resourceNames) -}}
      {{- $message = "a rule is for nonResourceURLs or for resources; make two of it" -}}
    {{- else if not (or $rule.nonResourceURLs (and $rule.apiGroups $rule.resources)) -}}
      {{- $message = "a rule needs apiGroups ([\"\"] is Kubernetes' own) and resources" -}}
    {{- end -}}
    {{- with $message -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_RBAC_RULE" "at" (concat $call.at (list "rbac" $key $index)) "message" .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Tolerations that say two things, and an affinity for no node. Takes {scope, at, folded}. */}}
{{- define "fairlead.refusePlacement" -}}
{{- $call := . -}}
{{- range $index, $toleration := .folded.tolerations -}}
  {{- $exists := eq ($toleration.operator | default "Equal") "Exists" -}}
  {{- $message := "" -}}
  {{- if and $exists $toleration.value -}}
    {{- $message = "operator: Exists takes any value; remove value, or the operator" -}}
  {{- else if not (or $exists $toleration.key) -}}
    {{- $message = "a toleration without key is for every taint, with operator: Exists" -}}
  {{- else if and (hasKey $toleration "tolerationSeconds") (ne ($toleration.effect | default "") "NoExecute") -}}
    {{- $message = "tolerationSeconds is for effect: NoExecute alone" -}}
  {{- end -}}
  {{- with $message -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_TOLERATION" "at" (concat $call.at (list "tolerations" $index)) "message" .) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Ports of the component that a sidecar listens on too: they share one address. Takes {scope, at, main, containers}. */}}
{{- define "fairlead.refuseSharedPorts" -}}
{{- $call := . -}}
{{- $seen := dict -}}
{{- range $container := prepend .containers .main -}}
  {{- range .ports -}}
    {{- $number := printf "%v/%s" .port .protocol -}}
    {{- $other := get $seen $number -}}
    {{- if and $other (ne $other $container.containerName) -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PORT_TWICE" "at" (concat $call.at (list "sidecars" $container.containerName "ports" .name)) "message" (printf "container %s of the same pod listens on %s too" $other $number)) -}}
    {{- end -}}
    {{- $_ := set $seen $number $container.containerName -}}
  {{- end -}}
{{- end -}}
{{- end -}}
