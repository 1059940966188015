{{/*
Gives the container's variables as a JSON list of {name, value} and {name, secret, key}. Secrets come first, and a value
that uses $(NAME) comes after NAME, because Kubernetes expands only what stands above. Takes {scope, folded}.
*/}}
{{- define "fairlead.env" -}}
{{- $call := . -}}
{{- $values := include "fairlead.texts" (dict "scope" .scope "at" (append .at "env") "map" .folded.env) | fromJson -}}
{{- $list := list -}}
{{- $secrets := dict -}}
{{- if .scope.single -}}
  {{- $secrets = (.scope.secrets.app | default dict).keys | default dict -}}
{{- end -}}
{{- range $name := keys $secrets | sortAlpha -}}
  {{- if hasKey $values $name -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_ENV_TWICE" "at" (concat $call.at (list "env" $name)) "message" (printf "secrets.env sets %s too; remove one of them (null removes)" $name)) -}}
  {{- end -}}
  {{- $list = append $list (dict "name" $name "secret" (printf "%s-secrets" $call.scope.name) "key" (get $secrets $name)) -}}
{{- end -}}
{{- $waiting := keys $values | sortAlpha -}}
{{- range until (len $waiting) -}}
  {{- if $waiting -}}
    {{- $blocked := list -}}
    {{- range $name := $waiting -}}
      {{- $free := true -}}
      {{- range $other := $waiting -}}
        {{- if and (ne $other $name) (contains (printf "$(%s)" $other) (get $values $name)) -}}
          {{- $free = false -}}
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
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_ENV_CYCLE" "at" (concat .at (list "env" (first $waiting))) "message" (printf "%s refer to each other" (join ", " $waiting))) -}}
{{- end -}}
{{- toJson $list -}}
{{- end -}}
