{{/*
Gives the objects of `manifests` as JSON, by name, with the application's labels and namespace where they say none. A text
is a template in which `.App` stands for the application; it may hold several objects. Takes {scope, names, manifests}.
*/}}
{{- define "fairlead.manifests" -}}
{{- $scope := .scope -}}
{{- $labels := dict "app" $scope.name "environment" $scope.environment "app.kubernetes.io/name" $scope.name "app.kubernetes.io/instance" (printf "%s-%s" $scope.environment $scope.name) "app.kubernetes.io/managed-by" "Helm" -}}
{{- $application := merge (dict "name" $scope.name "environment" $scope.environment "labels" $labels) .names -}}
{{- $objects := dict -}}
{{- range $name, $written := .manifests -}}
  {{- $at := list "manifests" $name -}}
  {{- if kindIs "string" $written -}}
    {{- include "fairlead.refuseUnknown" (dict "scope" $scope "at" $at "text" $written "application" $application) -}}
    {{- $texts := regexSplit `(?m)^---.*$` (tpl $written (dict "App" $application)) -1 -}}
    {{- $count := 0 -}}
    {{- range $text := $texts -}}
      {{- $object := fromYaml $text -}}
      {{- if $object.Error -}}
        {{- include "fairlead.error" (dict "scope" $scope "code" "APP_MANIFEST_INCOMPLETE" "at" $at "message" (printf "this is no object in YAML: %s" (include "fairlead.yamlFault" $object.Error))) -}}
      {{- else if $object -}}
        {{- $key := ternary (printf "%s-%d" $name $count) $name (gt $count 0) -}}
        {{- $_ := set $objects $key (include "fairlead.manifest" (dict "scope" $scope "labels" $labels "name" $key "at" $at "object" $object) | fromJson) -}}
        {{- $count = add1 $count -}}
      {{- end -}}
    {{- end -}}
  {{- else if kindIs "map" $written -}}
    {{- $_ := set $objects $name (include "fairlead.manifest" (dict "scope" $scope "labels" $labels "name" $name "at" $at "object" $written) | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- toJson $objects -}}
{{- end -}}

{{/* Helm makes nothing of what `.App` does not hold, without a word. Takes {scope, at, text, application}. */}}
{{- define "fairlead.refuseUnknown" -}}
{{- $call := . -}}
{{- range regexFindAll `\{\{[^}]*\}\}` .text -1 -}}
  {{- range regexFindAll `\.App\.[A-Za-z0-9_]+` . -1 -}}
    {{- $key := trimPrefix ".App." . -}}
    {{- if not (hasKey $call.application $key) -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_MANIFEST_INCOMPLETE" "at" $call.at "message" (printf ".App has no %q; keys: %s" $key (keys $call.application | sortAlpha | join ", "))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives one object as JSON; `namespace: null` keeps one of an unknown kind out of every namespace. Takes {scope, labels, name, at, object}. */}}
{{- define "fairlead.manifest" -}}
{{- $clusterWide := list "APIService" "ClusterIssuer" "ClusterRole" "ClusterRoleBinding" "ClusterSecretStore" "CSIDriver" "CustomResourceDefinition" "FlowSchema" "GatewayClass" "IngressClass" "MutatingWebhookConfiguration" "Namespace" "Node" "PersistentVolume" "PriorityClass" "PriorityLevelConfiguration" "RuntimeClass" "StorageClass" "ValidatingAdmissionPolicy" "ValidatingAdmissionPolicyBinding" "ValidatingWebhookConfiguration" "VolumeAttributesClass" -}}
{{- $named := ternary .object.metadata dict (kindIs "map" .object.metadata) -}}
{{- $placed := or (has .object.kind $clusterWide) (hasKey $named "namespace") -}}
{{- include "fairlead.prune" .object -}}
{{- $texts := and (kindIs "string" .object.apiVersion) (kindIs "string" .object.kind) -}}
{{- if not (and $texts .object.apiVersion .object.kind (has (kindOf .object.metadata) (list "map" "invalid"))) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_MANIFEST_INCOMPLETE" "at" .at "message" "an object needs apiVersion and kind, both text, and a map as its metadata") -}}
{{- end -}}
{{- range $key := list "name" "namespace" -}}
  {{- if not (has (kindOf (get $named $key)) (list "string" "invalid")) -}}
    {{- include "fairlead.error" (dict "scope" $.scope "code" "APP_MANIFEST_INCOMPLETE" "at" $.at "message" (printf "the %s must be text" $key)) -}}
  {{- end -}}
{{- end -}}
{{- if not (has (kindOf $named.annotations) (list "map" "invalid")) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_MANIFEST_INCOMPLETE" "at" .at "message" "annotations are a map of texts") -}}
{{- end -}}
{{- range $key, $text := ternary $named.annotations dict (kindIs "map" $named.annotations) -}}
  {{- if not (kindIs "string" $text) -}}
    {{- include "fairlead.error" (dict "scope" $.scope "code" "APP_MANIFEST_INCOMPLETE" "at" $.at "message" (printf "the annotation %s must be text" $key)) -}}
  {{- end -}}
{{- end -}}
{{- include "fairlead.refuseManifest" (dict "scope" .scope "at" .at "object" .object "name" $named.name) -}}
{{- $metadata := dict "name" (printf "%s-%s" .scope.name .name) "labels" .labels -}}
{{- if not $placed -}}
  {{- $_ := set $metadata "namespace" .scope.namespace -}}
{{- end -}}
{{- $whole := dict "metadata" $metadata | toJson | fromJson -}}
{{- include "fairlead.merge" (dict "into" $whole "from" .object) -}}
{{- toJson $whole -}}
{{- end -}}

{{/*
A name that Kubernetes takes for no object, those of RBAC aside, and a Secret whose data is plain text. Takes {scope, at, object, name}.
*/}}
{{- define "fairlead.refuseManifest" -}}
{{- $call := . -}}
{{- $faults := list -}}
{{- $rbac := hasPrefix "rbac.authorization.k8s.io/" (toString .object.apiVersion) -}}
{{- if and (kindIs "string" .name) .name (not $rbac) (not (regexMatch `^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$` .name)) -}}
  {{- $faults = append $faults (printf "the name %q is none for Kubernetes: lower-case letters, digits, - and ." .name) -}}
{{- end -}}
{{- if and (eq (toString .object.kind) "Secret") (eq (toString .object.apiVersion) "v1") (kindIs "map" .object.data) -}}
  {{- range $key, $text := .object.data -}}
    {{- if not (regexMatch `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$` (toString $text | replace "\n" "")) -}}
      {{- $faults = append $faults (printf "data.%s is not in base64; plain text belongs under stringData" $key) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $faults -}}
  {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_MANIFEST_INVALID" "at" $call.at "message" .) -}}
{{- end -}}
{{- end -}}

{{/* What is wrong with a text that was read as YAML, in words; Go's own name its types. Takes the error of fromYaml. */}}
{{- define "fairlead.yamlFault" -}}
{{- if contains "yaml: " . -}}
  {{- regexReplaceAll `^.*yaml: ` . "" -}}
{{- else -}}
  it is text or a list where keys and values are needed
{{- end -}}
{{- end -}}
