{{/*
Lays a patch over an object that is printed already: maps merge, null deletes, and lists that Kubernetes merges by a
key of their entries are merged so here too. Without a patch the text stays as it is. Takes {text, patch}, gives YAML.
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

{{/* The key by which Kubernetes tells the entries of a list of a pod or Service apart, or nothing. Takes the name of the list. */}}
{{- define "fairlead.listKey" -}}
{{- get (dict "containers" "name" "initContainers" "name" "volumes" "name" "env" "name" "ports" "name" "imagePullSecrets" "name" "volumeMounts" "mountPath") . | default "" -}}
{{- end -}}

{{/* Entries of a list that merges by a key need the key; and an object stays one. Takes {scope, at, patch}. */}}
{{- define "fairlead.checkPatch" -}}
{{- $call := . -}}
{{- range $name, $value := .patch -}}
  {{- $at := append $call.at $name -}}
  {{- $key := include "fairlead.listKey" $name -}}
  {{- $kind := get (dict "apiVersion" "string" "kind" "string" "metadata" "map" "annotations" "map" "spec" "map") $name -}}
  {{- if and (kindIs "invalid" $value) (regexMatch `(^|\.)patch\.(container\.(image|name)|podSpec\.containers|service\.spec\.ports)$` (join "." $at)) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PATCH_INVALID" "at" $at "message" (printf "nothing runs without %s; it cannot be taken away" $name)) -}}
  {{- else if and $kind (not (kindIs $kind $value)) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PATCH_INVALID" "at" $at "message" (printf "%s can only be %s" $name (ternary "a map" "text" (eq $kind "map")))) -}}
  {{- else if and (eq $name "annotations") (kindIs "map" $value) -}}
    {{- range $annotation, $text := $value -}}
      {{- if not (has (kindOf $text) (list "string" "invalid")) -}}
        {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PATCH_INVALID" "at" (append $at $annotation) "message" "an annotation can only be text") -}}
      {{- end -}}
    {{- end -}}
  {{- else if kindIs "map" $value -}}
    {{- include "fairlead.checkPatch" (dict "scope" $call.scope "at" $at "patch" $value) -}}
  {{- else if and $key (kindIs "slice" $value) -}}
    {{- range $index, $entry := $value -}}
      {{- if not (get (ternary $entry dict (kindIs "map" $entry)) $key) -}}
        {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PATCH_ENTRY" "at" (append $at $index) "message" (printf "%s merge by %s; say which entry this is" $name $key)) -}}
      {{- else -}}
        {{- include "fairlead.checkPatch" (dict "scope" $call.scope "at" (append $at $index) "patch" $entry) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes {into, from}, both maps; changes `into`. */}}
{{- define "fairlead.patch" -}}
{{- $into := .into -}}
{{- range $key, $value := .from -}}
  {{- $listKey := include "fairlead.listKey" $key -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $into $key -}}
  {{- else if kindIs "map" $value -}}
    {{- if not (kindIs "map" (get $into $key)) -}}
      {{- $_ := set $into $key dict -}}
    {{- end -}}
    {{- include "fairlead.patch" (dict "into" (get $into $key) "from" $value) -}}
  {{- else if and (kindIs "slice" $value) $listKey -}}
    {{- $list := get $into $key | default list -}}
    {{- $_ := set $into $key (include "fairlead.patchEntries" (dict "into" (ternary $list list (kindIs "slice" $list)) "from" $value "key" $listKey) | fromJsonArray) -}}
  {{- else -}}
    {{- $_ := set $into $key $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
Gives a list with another one merged into it by a key of the entries, as JSON; new entries come last, and `$patch: delete`
removes one, as in Kubernetes' own patches. Takes {into, from, key}.
*/}}
{{- define "fairlead.patchEntries" -}}
{{- $call := . -}}
{{- $list := .into -}}
{{- range $entry := .from -}}
  {{- $name := get $entry $call.key | toString -}}
  {{- $merged := list -}}
  {{- $found := false -}}
  {{- range $known := $list -}}
    {{- if ne (get $known $call.key | toString) $name -}}
      {{- $merged = append $merged $known -}}
    {{- else -}}
      {{- $found = true -}}
      {{- if ne (get $entry "$patch" | toString) "delete" -}}
        {{- include "fairlead.patch" (dict "into" $known "from" $entry) -}}
        {{- $merged = append $merged $known -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if and (not $found) (ne (get $entry "$patch" | toString) "delete") -}}
    {{- $new := dict -}}
    {{- include "fairlead.patch" (dict "into" $new "from" $entry) -}}
    {{- $merged = append $merged $new -}}
  {{- end -}}
  {{- $list = $merged -}}
{{- end -}}
{{- toJson $list -}}
{{- end -}}
