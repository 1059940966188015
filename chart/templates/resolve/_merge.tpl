{{/*
Merges one layer over another, deeply, in place.
Takes {into, from}, both maps; changes `into`. Maps merge, all else replaces. A null replaces too and stays as a
tombstone, so that it still deletes what a lower layer brings in later ("fairlead.prune" removes it at the end).
Sprig's mergeOverwrite cannot do this: it mixes a null up with an absent key.
`level` says what the keys of this map are: `keys` are words of the language, under which `env`, `files` and `ports` are
replaced entry by entry and not mixed; `names` are the user's names, with words below them; without it all simply merges.
*/}}
{{- define "fairlead.merge" -}}
{{- $into := .into -}}
{{- $level := .level | default "" -}}
{{- range $key, $value := .from -}}
  {{- if and (kindIs "map" $value) (ne $level "entries") -}}
    {{- if not (kindIs "map" (get $into $key)) -}}
      {{- $_ := set $into $key dict -}}
    {{- end -}}
    {{- $below := "" -}}
    {{- if eq $level "names" -}}
      {{- $below = "keys" -}}
    {{- else if eq $level "keys" -}}
      {{- $below = get (dict "env" "entries" "files" "entries" "ports" "entries" "defaults" "keys" "components" "names" "initContainers" "names" "sidecars" "names") $key -}}
    {{- end -}}
    {{- include "fairlead.merge" (dict "into" (get $into $key) "from" $value "level" $below) -}}
  {{- else -}}
    {{- $_ := set $into $key $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Removes every null of a map, at any depth, in place. Takes the map. */}}
{{- define "fairlead.prune" -}}
{{- $map := . -}}
{{- range $key, $value := . -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $map $key -}}
  {{- else if kindIs "map" $value -}}
    {{- include "fairlead.prune" $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}
