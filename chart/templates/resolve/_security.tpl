{{/*
Gives {podSecurityContext, securityContext} as JSON. Without a word everything of the restricted level; `runAsRoot` keeps the
image's own user; `privileged` replaces the restricted context and is not mixed with it. Takes {folded}.
*/}}
{{- define "fairlead.security" -}}
{{- $asked := .folded.securityContext | default dict -}}
{{- $ofPod := list "runAsUser" "runAsGroup" "runAsNonRoot" "fsGroup" "supplementalGroups" "seccompProfile" -}}
{{- $pod := dict -}}
{{- $container := dict -}}
{{- if not $asked.privileged -}}
  {{- $pod = dict "seccompProfile" (dict "type" "RuntimeDefault") -}}
  {{- if not .folded.runAsRoot -}}
    {{- $_ := merge $pod (dict "runAsNonRoot" true "runAsUser" 1000 "runAsGroup" 1000 "fsGroup" 1000) -}}
    {{- $container = dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) -}}
  {{- end -}}
{{- end -}}
{{- if .folded.writable -}}
  {{- $_ := set $container "readOnlyRootFilesystem" true -}}
{{- end -}}
{{- range $key, $value := $asked -}}
  {{- $into := ternary $pod $container (has $key $ofPod) -}}
  {{- include "fairlead.merge" (dict "into" $into "from" (dict $key $value)) -}}
{{- end -}}
{{- if and (eq (get $pod "runAsUser" | toString) "0") (not (hasKey $asked "runAsNonRoot")) -}}
  {{- $_ := set $pod "runAsNonRoot" false -}}
{{- end -}}
{{- dict "podSecurityContext" $pod "securityContext" $container | toJson -}}
{{- end -}}

{{/*
Gives what a component needs of its namespace's Pod Security level, as JSON {level, why}. Takes the component.
Rules: kubernetes.io/docs/concepts/security/pod-security-standards.
*/}}
{{- define "fairlead.podSecurityNeed" -}}
{{- $component := . -}}
{{- $privileged := list -}}
{{- range $key, $_ := .hostAccess -}}
  {{- $privileged = append $privileged (printf "hostAccess.%s" $key) -}}
{{- end -}}
{{- range .volumes -}}
  {{- if .hostPath -}}
    {{- $privileged = append $privileged (printf "the hostPath of volumes.%s" .name) -}}
  {{- end -}}
{{- end -}}
{{- range .ports -}}
  {{- if .hostPort -}}
    {{- $privileged = append $privileged (printf "the hostPort of ports.%s" .name) -}}
  {{- end -}}
{{- end -}}
{{- $baseline := list -}}
{{- if or .runAsRoot .storage -}}
  {{- $baseline = list "storage and runAsRoot" -}}
{{- end -}}
{{- range $container := concat (list $component) (.initContainers | default list) -}}
  {{- $context := $container.securityContext | default dict -}}
  {{- $added := (index ($context.capabilities | default dict) "add") | default list -}}
  {{- $profile := ($context.seccompProfile | default $component.podSecurityContext.seccompProfile | default dict).type | default "" -}}
  {{- $nonRoot := ternary $context $component.podSecurityContext (hasKey $context "runAsNonRoot") -}}
  {{- if eq $profile "Unconfined" -}}
    {{- $privileged = append $privileged (printf "the seccompProfile of container %s" $container.containerName) -}}
  {{- else if $context.privileged -}}
    {{- $privileged = append $privileged (printf "securityContext.privileged of container %s" $container.containerName) -}}
  {{- else if without $added "AUDIT_WRITE" "CHOWN" "DAC_OVERRIDE" "FOWNER" "FSETID" "KILL" "MKNOD" "NET_BIND_SERVICE" "SETFCAP" "SETGID" "SETPCAP" "SETUID" "SYS_CHROOT" -}}
    {{- $privileged = append $privileged (printf "the capabilities of container %s" $container.containerName) -}}
  {{- else -}}
    {{- $user := ternary $context $component.podSecurityContext (hasKey $context "runAsUser") -}}
    {{- $dropped := (index ($context.capabilities | default dict) "drop") | default list -}}
    {{- $loose := or $context.allowPrivilegeEscalation (without $added "NET_BIND_SERVICE") (not (has "ALL" $dropped)) (eq (get $user "runAsUser" | toString) "0") (ne (get $nonRoot "runAsNonRoot" | toString) "true") -}}
    {{- if and $loose (not $component.runAsRoot) -}}
      {{- $baseline = append $baseline (printf "the securityContext of container %s" $container.containerName) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if $privileged -}}
  {{- dict "level" "privileged" "why" (join ", " $privileged) | toJson -}}
{{- else if $baseline -}}
  {{- dict "level" "baseline" "why" (join ", " $baseline) | toJson -}}
{{- else -}}
  {{- dict "level" "restricted" "why" "" | toJson -}}
{{- end -}}
{{- end -}}

{{/*
Gives each namespace's Pod Security level as JSON, {<namespace>: {podSecurity}}: the declared one, else `restricted`, or
`baseline` where a component needs it. `privileged` must be declared. A declared level below what a component needs is an
error. Takes {scope, declared, components}.
*/}}
{{- define "fairlead.podSecurityLevels" -}}
{{- $scope := .scope -}}
{{- $declared := .declared -}}
{{- $components := .components -}}
{{- $rank := dict "restricted" 0 "baseline" 1 "privileged" 2 -}}
{{- $namespaces := dict $scope.namespace dict -}}
{{- range $name, $namespace := $scope.namespaces -}}
  {{- $_ := set $namespaces $name ($namespace | default dict) -}}
{{- end -}}
{{- $levels := dict -}}
{{- range $name, $namespace := $namespaces -}}
  {{- $own := $namespace.podSecurity | default $declared -}}
  {{- $_ := set $levels $name (dict "podSecurity" ($own | default "restricted") "declared" ($own | default "")) -}}
{{- end -}}
{{- range $key, $component := $components -}}
  {{- $level := get $levels $component.namespace | default dict -}}
  {{- if and $level (lt (get $rank $level.podSecurity | int) (get $rank $component.needs.level | int)) -}}
    {{- if or $level.declared (eq $component.needs.level "privileged") -}}
      {{- $at := ternary (list "namespaces" $component.namespace "podSecurity") (list "podSecurity") (hasKey (get $namespaces $component.namespace) "podSecurity") -}}
      {{- $what := ternary $component.needs.why (printf "%s: %s" $key $component.needs.why) $scope.single -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_POD_SECURITY" "at" $at "message" (printf "%s need the level %s; %s is declared" $what $component.needs.level ($level.declared | default "none"))) -}}
    {{- else -}}
      {{- $_ := set $level "podSecurity" $component.needs.level -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $level := $levels -}}
  {{- $_ := unset $level "declared" -}}
{{- end -}}
{{- toJson $levels -}}
{{- end -}}

{{/*
Gives {serviceAccount?, rbac?} as JSON: the account that pods run as, {name, create, automount, annotations?}, and what it may
do. Only what may ask the API server gets a token. Takes {name, folded}.
*/}}
{{- define "fairlead.account" -}}
{{- $asked := .folded.serviceAccount -}}
{{- $wanted := or (hasKey .folded "serviceAccount") (hasKey .folded "rbac") -}}
{{- $rbac := .folded.rbac | default dict -}}
{{- $result := dict -}}
{{- $account := dict "name" .name "create" true -}}
{{- if kindIs "string" $asked -}}
  {{- $account = dict "name" $asked "create" false -}}
{{- else if $asked -}}
  {{- $account = merge (dict "create" true "name" ($asked.name | default .name)) (pick $asked "annotations") -}}
{{- end -}}
{{- if $wanted -}}
  {{- $_ := set $account "automount" (or (not (empty $rbac)) (kindIs "string" $asked)) -}}
  {{- $_ := set $result "serviceAccount" $account -}}
{{- end -}}
{{- with $rbac -}}
  {{- $_ := set $result "rbac" . -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
