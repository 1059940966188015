{{/*
Checks that the variables of `same` are the same in the components it names, as they are after all merging: one declared value
can still be replaced for one of them. A component that the environment removed is left out. Takes {scope, same, components}.
*/}}
{{- define "fairlead.same" -}}
{{- $scope := .scope -}}
{{- $components := .components -}}
{{- range $variable, $keys := .same -}}
  {{- $first := dict -}}
  {{- range $index, $key := $keys -}}
    {{- $component := get $components $key | default dict -}}
    {{- $problem := "" -}}
    {{- if $component -}}
      {{- $text := include "fairlead.textOf" (dict "scope" $scope "component" $component "variable" $variable) -}}
      {{- if not $text -}}
        {{- $problem = printf "%s does not set %s" $key $variable -}}
      {{- else if not $first -}}
        {{- $first = dict "key" $key "text" $text -}}
      {{- else if ne $text $first.text -}}
        {{- $problem = printf "%s has %s and %s has %s" $first.key $first.text $key $text -}}
      {{- end -}}
    {{- else if not (hasKey $scope.layers $key) -}}
      {{- $problem = printf "there is no component %q; components: %s" $key (keys $components | sortAlpha | join ", ") -}}
    {{- end -}}
    {{- with $problem -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_NOT_SAME" "at" (list "same" $variable $index) "message" .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives what a component's variable is: its text, or the secret or field that it comes from; nothing when it is not set. Takes {scope, component, variable}. */}}
{{- define "fairlead.textOf" -}}
{{- $variable := .variable -}}
{{- $texts := dict -}}
{{- range .scope.config -}}
  {{- $_ := set $texts .configName .data -}}
{{- end -}}
{{- $found := "" -}}
{{- range .component.envFrom -}}
  {{- $key := trimPrefix (.prefix | default "") $variable -}}
  {{- $data := get $texts ((.configMapRef | default dict).name | default "") | default dict -}}
  {{- if and (hasKey $data $key) (eq $variable (printf "%s%s" (.prefix | default "") $key)) -}}
    {{- $found = get $data $key -}}
  {{- end -}}
{{- end -}}
{{- range .component.env -}}
  {{- if eq .name $variable -}}
    {{- $data := get $texts (.config | default "") | default dict -}}
    {{- $found = get . "value" | default (get $data (.key | default "")) | default (omit . "name" | toJson) -}}
  {{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}
