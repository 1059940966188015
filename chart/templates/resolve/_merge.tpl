{{/*
Merges one layer over another, deeply, in place.
Takes {into, from}, both maps; changes `into`. Maps merge, all else replaces. A null replaces too and stays as a
tombstone, so that it still deletes what a lower layer brings in later ("fairlead.prune" removes it at the end).
Sprig's mergeOverwrite cannot do this: it mixes a null up with an absent key.
*/}}
{{- define "fairlead.merge" -}}
{{- $into := .into -}}
{{- range $key, $value := .from -}}
  {{- if kindIs "map" $value -}}
    {{- if not (kindIs "map" (get $into $key)) -}}
      {{- $_ := set $into $key dict -}}
    {{- end -}}
    {{- include "fairlead.merge" (dict "into" (get $into $key) "from" $value) -}}
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
