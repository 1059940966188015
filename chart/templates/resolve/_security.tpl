{{/*
Gives {podSecurityContext, securityContext} as JSON. Without a word everything of the restricted level; `runAsRoot` keeps the
image's own user; `privileged` replaces the restricted context and is not mixed with it. Takes {scope, at, folded}.
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
{{- include "fairlead.refuseContext" (dict "scope" .scope "at" .at "context" (merge (dict) $pod $container)) -}}
{{- dict "podSecurityContext" $pod "securityContext" $container | toJson -}}
{{- end -}}

{{/*
Gives what a component needs of its namespace's Pod Security level, as JSON {level, why, at}: `at` is the first thing that needs
it, below the component. Takes the component. Rules: kubernetes.io/docs/concepts/security/pod-security-standards.
*/}}
{{- define "fairlead.podSecurityNeed" -}}
{{- $component := . -}}
{{- $needs := dict "privileged" list "baseline" list -}}
{{- range $key, $_ := .hostAccess -}}
  {{- include "fairlead.need" (dict "needs" $needs "level" "privileged" "why" (printf "hostAccess.%s" $key) "at" (list "hostAccess" $key)) -}}
{{- end -}}
{{- range .volumes -}}
  {{- if .hostPath -}}
    {{- include "fairlead.need" (dict "needs" $needs "level" "privileged" "why" (printf "the hostPath of volumes.%s" .name) "at" (list "volumes" .name "hostPath")) -}}
  {{- end -}}
{{- end -}}
{{- range .ports -}}
  {{- if .hostPort -}}
    {{- include "fairlead.need" (dict "needs" $needs "level" "privileged" "why" (printf "the hostPort of ports.%s" .name) "at" (list "ports" .name "hostPort")) -}}
  {{- end -}}
{{- end -}}
{{- range $key := list "runAsRoot" "storage" -}}
  {{- if get $component $key -}}
    {{- include "fairlead.need" (dict "needs" $needs "level" "baseline" "why" $key "at" (list $key)) -}}
  {{- end -}}
{{- end -}}
{{- range $container := concat (list $component) (.initContainers | default list) -}}
  {{- $at := list "securityContext" -}}
  {{- if hasKey $container "sidecar" -}}
    {{- $at = list (ternary "sidecars" "initContainers" $container.sidecar) $container.containerName "securityContext" -}}
  {{- end -}}
  {{- include "fairlead.containerNeed" (dict "needs" $needs "component" $component "container" $container "at" $at) -}}
{{- end -}}
{{- $found := dict "level" "restricted" "why" "" "at" list -}}
{{- range $level := list "baseline" "privileged" -}}
  {{- with get $needs $level -}}
    {{- $whys := list -}}
    {{- range . -}}
      {{- $whys = append $whys .why -}}
    {{- end -}}
    {{- $found = dict "level" $level "why" (join ", " $whys) "at" (first .).at -}}
  {{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* Notes a need. Takes {needs, level, why, at}; changes `needs`. */}}
{{- define "fairlead.need" -}}
{{- $_ := set .needs .level (append (get .needs .level) (pick . "why" "at")) -}}
{{- end -}}

{{/* Notes what one container needs. Takes {needs, component, container, at}; changes `needs`. */}}
{{- define "fairlead.containerNeed" -}}
{{- $pod := .component.podSecurityContext | default dict -}}
{{- $context := .container.securityContext | default dict -}}
{{- $capabilities := $context.capabilities | default dict -}}
{{- $added := get $capabilities "add" | default list -}}
{{- $profile := ($context.seccompProfile | default $pod.seccompProfile | default dict).type | default "" -}}
{{- $call := merge (dict "level" "privileged") (pick . "needs" "at") -}}
{{- $name := .container.containerName -}}
{{- if eq $profile "Unconfined" -}}
  {{- include "fairlead.need" (merge (dict "why" (printf "the seccompProfile of container %s" $name)) $call) -}}
{{- else if $context.privileged -}}
  {{- include "fairlead.need" (merge (dict "why" (printf "securityContext.privileged of container %s" $name)) $call) -}}
{{- else if without $added "AUDIT_WRITE" "CHOWN" "DAC_OVERRIDE" "FOWNER" "FSETID" "KILL" "MKNOD" "NET_BIND_SERVICE" "SETFCAP" "SETGID" "SETPCAP" "SETUID" "SYS_CHROOT" -}}
  {{- include "fairlead.need" (merge (dict "why" (printf "the capabilities of container %s" $name)) $call) -}}
{{- else if not .component.runAsRoot -}}
  {{- $user := ternary $context $pod (hasKey $context "runAsUser") -}}
  {{- $nonRoot := ternary $context $pod (hasKey $context "runAsNonRoot") -}}
  {{- $dropped := get $capabilities "drop" | default list -}}
  {{- if or $context.allowPrivilegeEscalation (without $added "NET_BIND_SERVICE") (not (has "ALL" $dropped)) (eq (get $user "runAsUser" | toString) "0") (ne (get $nonRoot "runAsNonRoot" | toString) "true") -}}
    {{- include "fairlead.need" (merge (dict "level" "baseline" "why" (printf "the securityContext of container %s" $name)) $call) -}}
  {{- end -}}
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
      {{- $advice := "" -}}
      {{- if not $level.declared -}}
        {{- $at = concat (ternary list (list "components" $key) $scope.single) $component.needs.at -}}
        {{- $advice = printf "; set podSecurity: %s" $component.needs.level -}}
      {{- end -}}
      {{- $what := ternary $component.needs.why (printf "%s of %s" $component.needs.why $key) $scope.single -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_POD_SECURITY" "at" $at "message" (printf "the level %s is needed for %s; %s is declared%s" $component.needs.level $what ($level.declared | default "none") $advice)) -}}
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
do. Only what may ask the API server gets a token. Takes {scope, at, name, folded}.
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
  {{- include "fairlead.refuseRules" (dict "scope" $.scope "at" $.at "rbac" .) -}}
  {{- $_ := set $result "rbac" . -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
