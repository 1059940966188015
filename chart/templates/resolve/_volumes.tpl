{{/* Gives the seed's static volume as JSON {size, mountPath, hostPath, volume, claim}, or nothing. Takes {scope, at, name, several, folded}. */}}
{{- define "fairlead.storage" -}}
{{- $scope := .scope -}}
{{- with .folded.storage -}}
  {{- $storage := . -}}
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
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_STORAGE_SHARED" "at" (append $.at "replicas") "message" "two pods must not write to one storage; set replicas: 1 or remove storage") -}}
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
