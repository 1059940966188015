{{/* Gives what a component needs of its namespace's Pod Security level, as JSON {level, why}. Takes the component. */}}
{{- define "fairlead.podSecurityNeed" -}}
{{- $need := dict "level" "restricted" "why" "" -}}
{{- if or .runAsRoot .storage -}}
  {{- $need = dict "level" "baseline" "why" "storage and runAsRoot" -}}
{{- end -}}
{{- toJson $need -}}
{{- end -}}

{{/*
Gives each namespace's Pod Security level as JSON, {<namespace>: {podSecurity}}: the declared one, else `restricted`, or
`baseline` where a component needs it. `privileged` must be declared. A declared level below what a component needs is an
error. Takes {scope, declared, components}.
*/}}
{{- define "fairlead.podSecurityLevels" -}}
{{- $scope := .scope -}}
{{- $declared := .declared -}}
{{- $rank := dict "restricted" 0 "baseline" 1 "privileged" 2 -}}
{{- $namespaces := dict $scope.namespace dict -}}
{{- range $name, $namespace := $scope.namespaces -}}
  {{- $_ := set $namespaces $name ($namespace | default dict) -}}
{{- end -}}
{{- $levels := dict -}}
{{- range $name, $namespace := $namespaces -}}
  {{- $own := $namespace.podSecurity | default $declared -}}
  {{- $level := $own | default "restricted" -}}
  {{- range $key, $component := $.components -}}
    {{- if and (eq $component.namespace $name) (lt (get $rank $level) (get $rank $component.needs.level)) -}}
      {{- if or $own (eq $component.needs.level "privileged") -}}
        {{- $at := ternary (list "namespaces" $name "podSecurity") (list "podSecurity") (hasKey $namespace "podSecurity") -}}
        {{- $what := ternary $component.needs.why (printf "%s of %s" $component.needs.why $key) $scope.single -}}
        {{- include "fairlead.error" (dict "scope" $scope "code" "APP_POD_SECURITY" "at" $at "message" (printf "%s need the level %s; %s is declared" $what $component.needs.level ($own | default "none"))) -}}
      {{- else -}}
        {{- $level = $component.needs.level -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $levels $name (dict "podSecurity" $level) -}}
{{- end -}}
{{- toJson $levels -}}
{{- end -}}
