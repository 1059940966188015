{{/*
Gives a container's variables as a JSON list of {name, value}, {name, secret, key, optional?}, {name, config, key, optional?},
{name, field} and {name, resource}. Secrets come first and other references next; a value that uses $(NAME) comes after
NAME, because Kubernetes expands only what stands above. Takes {call, at, env, secrets}: `secrets` is {variable: key} of the set app.
*/}}
{{- define "fairlead.env" -}}
{{- $call := .call -}}
{{- $at := .at -}}
{{- $references := list -}}
{{- $plain := dict -}}
{{- range $name, $value := .env -}}
  {{- if kindIs "map" $value -}}
    {{- $entry := dict "name" $name -}}
    {{- $_ := merge $entry (pick $value "field" "resource") -}}
    {{- range $type := list "secret" "config" -}}
      {{- with get $value $type -}}
        {{- $found := include "fairlead.reference" (dict "call" $call "at" (append $at $name) "type" $type "text" . "optional" $value.optional) | fromJson -}}
        {{- $_ := set $entry $type $found.object -}}
        {{- $_ := set $entry "key" $found.key -}}
        {{- $_ := merge $entry (pick $value "optional") -}}
      {{- end -}}
    {{- end -}}
    {{- include "fairlead.refuseForms" (dict "scope" $call.scope "at" (append $at $name) "map" $value "keys" (list "secret" "config" "field" "resource")) -}}
    {{- if eq (len $entry) 1 -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_REFERENCE_EMPTY" "at" (append $at $name) "message" "say where the value comes from: secret, config, field or resource") -}}
    {{- end -}}
    {{- $references = append $references $entry -}}
  {{- else -}}
    {{- $_ := set $plain $name $value -}}
  {{- end -}}
{{- end -}}
{{- $list := list -}}
{{- range $name, $key := .secrets -}}
  {{- if hasKey $.env $name -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_ENV_TWICE" "at" (append $at $name) "message" (printf "secrets.env sets %s too; remove one of them (null removes)" $name)) -}}
  {{- end -}}
  {{- $object := include "fairlead.useSet" (dict "call" $call "at" $at "type" "secret" "set" "app") -}}
  {{- $list = append $list (dict "name" $name "secret" $object "key" $key) -}}
{{- end -}}
{{- $texts := include "fairlead.texts" (dict "scope" $call.scope "at" $at "map" $plain) | fromJson -}}
{{- concat $list $references (include "fairlead.ordered" (dict "call" $call "at" $at "values" $texts) | fromJsonArray) | default list | toJson -}}
{{- end -}}

{{/* Gives plain variables as a JSON list of {name, value}, each after those that its value uses. Takes {call, at, values}. */}}
{{- define "fairlead.ordered" -}}
{{- $values := .values -}}
{{- $list := list -}}
{{- $waiting := keys $values | sortAlpha -}}
{{- range until (len $waiting) -}}
  {{- if $waiting -}}
    {{- $blocked := list -}}
    {{- range $name := $waiting -}}
      {{- $free := true -}}
      {{- if contains "$(" (get $values $name) -}}
        {{- range $other := $waiting -}}
          {{- if and (ne $other $name) (contains (printf "$(%s)" $other) (get $values $name)) -}}
            {{- $free = false -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
      {{- if $free -}}
        {{- $list = append $list (dict "name" $name "value" (get $values $name)) -}}
      {{- else -}}
        {{- $blocked = append $blocked $name -}}
      {{- end -}}
    {{- end -}}
    {{- $waiting = $blocked -}}
  {{- end -}}
{{- end -}}
{{- if $waiting -}}
  {{- include "fairlead.error" (dict "scope" .call.scope "code" "APP_ENV_CYCLE" "at" (append .at (first $waiting)) "message" (printf "%s refer to each other" (join ", " $waiting))) -}}
{{- end -}}
{{- toJson $list -}}
{{- end -}}

{{/* Gives a container's whole sets of variables as a JSON list in Kubernetes' words. Takes {call, at, from}. */}}
{{- define "fairlead.envFrom" -}}
{{- $call := .call -}}
{{- $at := .at -}}
{{- $list := list -}}
{{- range $index, $from := .from -}}
  {{- $at := append $at $index -}}
  {{- $entry := pick . "prefix" -}}
  {{- include "fairlead.refuseForms" (dict "scope" $call.scope "at" $at "map" . "keys" (list "secret" "config")) -}}
  {{- if not (or .secret .config) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_REFERENCE_EMPTY" "at" $at "message" "say which set the variables come from: secret or config") -}}
  {{- end -}}
  {{- with .secret -}}
    {{- $_ := set $entry "secretRef" (dict "name" (include "fairlead.useSet" (dict "call" $call "at" (append $at "secret") "type" "secret" "set" .))) -}}
    {{- with get $call.scope.secrets . -}}
      {{- $_ := set . "whole" true -}}
    {{- end -}}
  {{- end -}}
  {{- with .config -}}
    {{- $_ := set $entry "configMapRef" (dict "name" (include "fairlead.useSet" (dict "call" $call "at" (append $at "config") "type" "config" "set" .))) -}}
    {{- $_ := set $call.used . (get $call.scope.config . | default dict).data -}}
  {{- end -}}
  {{- $list = append $list $entry -}}
{{- end -}}
{{- toJson $list -}}
{{- end -}}
