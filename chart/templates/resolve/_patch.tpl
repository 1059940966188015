{{/*
Lays a patch over an object that is printed already: maps merge, null deletes, and lists that Kubernetes merges by name are
merged by name here too. Without a patch the text stays as it is. Takes {text, patch}, gives YAML.
*/}}
{{- define "fairlead.patched" -}}
{{- if .patch -}}
{{- $object := fromYaml .text -}}
{{- include "fairlead.patch" (dict "into" $object "from" .patch) -}}
{{- toYaml $object -}}
{{- else -}}
{{- .text -}}
{{- end -}}
{{- end -}}

{{/* Takes {into, from}, both maps; changes `into`. */}}
{{- define "fairlead.patch" -}}
{{- $into := .into -}}
{{- range $key, $value := .from -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $into $key -}}
  {{- else if kindIs "map" $value -}}
    {{- if not (kindIs "map" (get $into $key)) -}}
      {{- $_ := set $into $key dict -}}
    {{- end -}}
    {{- include "fairlead.patch" (dict "into" (get $into $key) "from" $value) -}}
  {{- else if and (kindIs "slice" $value) (has $key (list "containers" "initContainers" "volumes" "env" "ports")) (kindIs "slice" (get $into $key)) -}}
    {{- $_ := set $into $key (include "fairlead.patchNamed" (dict "into" (get $into $key) "from" $value) | fromJsonArray) -}}
  {{- else -}}
    {{- $_ := set $into $key $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives a list with another one merged into it by name, as JSON. Takes {into, from}. */}}
{{- define "fairlead.patchNamed" -}}
{{- $list := list -}}
{{- $from := .from -}}
{{- $known := dict -}}
{{- range $entry := .into -}}
  {{- $_ := set $known ($entry.name | toString) true -}}
  {{- range $from -}}
    {{- if eq (.name | toString) ($entry.name | toString) -}}
      {{- include "fairlead.patch" (dict "into" $entry "from" .) -}}
    {{- end -}}
  {{- end -}}
  {{- $list = append $list $entry -}}
{{- end -}}
{{- range $from -}}
  {{- if not (hasKey $known (.name | toString)) -}}
    {{- $list = append $list . -}}
  {{- end -}}
{{- end -}}
{{- toJson $list -}}
{{- end -}}
