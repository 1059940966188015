{{/* Gives the seed's static volume as JSON {size, mountPath, hostPath, volume, claim}, or nothing. Takes {scope, at, name, several, folded}. */}}
{{- define "fairlead.storage" -}}
{{- $scope := .scope -}}
{{- with .folded.storage -}}
  {{- $storage := . -}}
  {{- if hasKey ($.folded.volumes | default dict) "data" -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VOLUME_TWICE" "at" (concat $.at (list "volumes" "data")) "message" "storage is the volume data too; remove one of them") -}}
  {{- end -}}
  {{- range $key := list "size" "mountPath" -}}
    {{- if not (get $storage $key) -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_STORAGE_INCOMPLETE" "at" (append $.at "storage") "message" (printf "storage needs %s" $key)) -}}
    {{- end -}}
  {{- end -}}
  {{- $size := "" -}}
  {{- with .size -}}
    {{- $size = include "fairlead.quantity" (dict "scope" $scope "at" (concat $.at (list "storage" "size")) "value" .) -}}
  {{- end -}}
  {{- if $.several -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_STORAGE_SHARED" "at" (append $.at (ternary "kind" "replicas" (eq $.kind "DaemonSet"))) "message" "two pods must not write to one storage; set replicas: 1 or remove storage") -}}
  {{- end -}}
  {{- $folder := printf "%s/%s-%s" $scope.cluster.storage.root $.name $scope.environment -}}
  {{- dict
    "size" $size
    "mountPath" .mountPath
    "hostPath" (.hostPath | default $folder)
    "volume" (printf "%s-%s-data" $.name $scope.environment)
    "claim" (printf "%s-data" $.name)
  | toJson -}}
{{- end -}}
{{- end -}}

{{/*
Gives everything that is mounted, as JSON {volumes, mounts, claims, claimTemplates, files}: `volumes` and `mounts` in
Kubernetes' words, `claims` as [{name, size, storageClass?, accessMode}], `claimTemplates` likewise for a claim per pod, `files`
as the data of the component's own ConfigMap. Takes the component's call, with its storage.
*/}}
{{- define "fairlead.mounts" -}}
{{- $call := . -}}
{{- $result := dict "volumes" list "mounts" list "claims" list "claimTemplates" list -}}
{{- with .storage -}}
  {{- $_ := set $result "volumes" (list (dict "name" "data" "persistentVolumeClaim" (dict "claimName" .claim))) -}}
  {{- $_ := set $result "mounts" (list (dict "name" "data" "mountPath" .mountPath)) -}}
{{- end -}}
{{- range $name, $volume := .folded.volumes -}}
  {{- include "fairlead.volume" (dict "call" $call "name" $name "volume" $volume "at" (concat $call.at (list "volumes" $name)) "result" $result) -}}
{{- end -}}
{{- range $index, $path := .folded.writable -}}
  {{- $name := printf "writable-%d" $index -}}
  {{- $_ := set $result "volumes" (append $result.volumes (dict "name" $name "emptyDir" dict)) -}}
  {{- $_ := set $result "mounts" (append $result.mounts (dict "name" $name "mountPath" $path)) -}}
{{- end -}}
{{- include "fairlead.files" (dict "call" $call "result" $result) -}}
{{- include "fairlead.refuseMounts" (dict "call" $call "mounts" $result.mounts) -}}
{{- toJson $result -}}
{{- end -}}

{{/* Adds one entry of `volumes` to what is mounted, and checks that its claim is not shared. Takes {call, name, volume, at, result}; changes `result`. */}}
{{- define "fairlead.volume" -}}
{{- $scope := .call.scope -}}
{{- $volume := .volume -}}
{{- $source := dict -}}
{{- if $volume.size -}}
  {{- $size := include "fairlead.quantity" (dict "scope" $scope "at" (append .at "size") "value" $volume.size) -}}
  {{- $claim := merge (dict "name" .name "size" $size "accessMode" ($volume.accessMode | default "ReadWriteOnce")) (pick $volume "storageClass") -}}
  {{- if $volume.perReplica -}}
    {{- if ne .call.kind "StatefulSet" -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VOLUME_PER_REPLICA" "at" (append .at "perReplica") "message" (printf "only a StatefulSet has a claim per pod, this is a %s" .call.kind)) -}}
    {{- end -}}
    {{- $_ := set .result "claimTemplates" (append .result.claimTemplates $claim) -}}
  {{- else -}}
    {{- $_ := set $claim "name" (printf "%s-%s" .call.name .name) -}}
    {{- $_ := set .result "claims" (append .result.claims $claim) -}}
    {{- $source = dict "persistentVolumeClaim" (dict "claimName" $claim.name) -}}
  {{- end -}}
{{- else if $volume.existingClaim -}}
  {{- $source = dict "persistentVolumeClaim" (dict "claimName" $volume.existingClaim) -}}
{{- else if $volume.hostPath -}}
  {{- $source = dict "hostPath" (merge (dict "path" $volume.hostPath) (ternary (dict "type" $volume.hostPathType) dict (hasKey $volume "hostPathType"))) -}}
{{- else if hasKey $volume "emptyDir" -}}
  {{- $source = dict "emptyDir" ($volume.emptyDir | default dict) -}}
  {{- with $source.emptyDir.sizeLimit -}}
    {{- $_ := include "fairlead.quantity" (dict "scope" $scope "at" (concat $.at (list "emptyDir" "sizeLimit")) "value" .) -}}
  {{- end -}}
{{- end -}}
{{- if and .call.several (hasKey $source "persistentVolumeClaim") (not $volume.readOnly) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VOLUME_SHARED" "at" .at "message" "several pods must not write to one claim; set perReplica: true in a StatefulSet, readOnly: true, or replicas: 1") -}}
{{- end -}}
{{- if and $volume.size (eq (.call.folded.when | default "") "pre-deploy") -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VOLUME_EARLY" "at" .at "message" "a Job before the deploy cannot mount a claim that comes with it; use existingClaim or emptyDir") -}}
{{- end -}}
{{- if or (not $volume.mountPath) (and (not $source) (not $volume.size)) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VOLUME_INCOMPLETE" "at" .at "message" "a volume needs mountPath and one of size, existingClaim, hostPath or emptyDir") -}}
{{- end -}}
{{- if $source -}}
  {{- $_ := set .result "volumes" (append .result.volumes (merge (dict "name" .name) $source)) -}}
{{- end -}}
{{- $_ := set .result "mounts" (append .result.mounts (merge (dict "name" .name) (pick $volume "mountPath" "subPath" "readOnly"))) -}}
{{- end -}}

{{/*
Adds `files` to what is mounted: plain ones from the component's own ConfigMap, others from the set they refer to. Each is
mounted alone, so its neighbours in the image stay; such a mount does not follow changes, hence the restart.
Takes {call, result}; changes `result`.
*/}}
{{- define "fairlead.files" -}}
{{- $call := .call -}}
{{- $data := dict -}}
{{- $sources := dict -}}
{{- range $target, $written := .call.folded.files -}}
  {{- $at := concat $call.at (list "files" $target) -}}
  {{- $file := ternary $written (dict "content" $written) (kindIs "map" $written) -}}
  {{- include "fairlead.refuseForms" (dict "scope" $call.scope "at" $at "map" $file "keys" (list "content" "file" "secret" "config")) -}}
  {{- $key := printf "%s-%s" (sha256sum $target | trunc 8) (regexReplaceAll `[^-._a-zA-Z0-9]` (base $target) "_") | trunc 200 -}}
  {{- $name := "files" -}}
  {{- $source := dict -}}
  {{- if $file.file -}}
    {{- include "fairlead.notInlined" (dict "scope" $call.scope "at" $at "file" $file.file) -}}
  {{- else if hasKey $file "content" -}}
    {{- $text := include "fairlead.text" $file.content -}}
    {{- $_ := set $data $key $text -}}
    {{- if ternary $file.restart true (hasKey $file "restart") -}}
      {{- $_ := set $call.used $target $text -}}
    {{- end -}}
    {{- $source = dict "configMap" (dict "name" (printf "%s-files" $call.name)) "item" $key -}}
  {{- else if or $file.secret $file.config -}}
    {{- $type := ternary "secret" "config" (not (empty $file.secret)) -}}
    {{- $found := include "fairlead.reference" (dict "call" $call "at" $at "type" $type "text" (get $file $type)) | fromJson -}}
    {{- $name = printf "%s-%s" $type (get $file $type | splitList "/" | first) -}}
    {{- $object := ternary (dict "secret" (dict "secretName" $found.object)) (dict "configMap" (dict "name" $found.object)) (eq $type "secret") -}}
    {{- $source = merge (dict "item" $found.key) $object -}}
  {{- else -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_REFERENCE_EMPTY" "at" $at "message" "say what is in the file: content, file, secret or config") -}}
  {{- end -}}
  {{- if $source -}}
    {{- $item := dict "key" $source.item "path" $key -}}
    {{- with $file.mode -}}
      {{- $digits := splitList "" . -}}
      {{- $_ := set $item "mode" (add (mul 64 (index $digits 1 | int)) (mul 8 (index $digits 2 | int)) (index $digits 3 | int)) -}}
    {{- end -}}
    {{- if not (hasKey $sources $name) -}}
      {{- $_ := set $sources $name (merge (dict "items" list) (omit $source "item")) -}}
    {{- end -}}
    {{- $_ := set (get $sources $name) "items" (append (get $sources $name).items $item) -}}
    {{- $_ := set $.result "mounts" (append $.result.mounts (dict "name" $name "mountPath" $target "subPath" $key "readOnly" true)) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $source := $sources -}}
  {{- $volume := dict "name" $name -}}
  {{- range $kind, $object := omit $source "items" -}}
    {{- $_ := set $volume $kind (merge (dict "items" $source.items) $object) -}}
  {{- end -}}
  {{- $_ := set $.result "volumes" (append $.result.volumes $volume) -}}
{{- end -}}
{{- if $data -}}
  {{- $_ := set .result "files" $data -}}
{{- end -}}
{{- end -}}
