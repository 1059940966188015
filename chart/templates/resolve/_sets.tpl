{{/*
Gives the application's secret sets as JSON, {<set>: {baseName, secretName, existing?, path?, environment, keys, optionalKeys?,
reload?}}; the seed's unnamed set is `app`. What components refer to is noted in them later: `keys`, which of them somebody
needs (`needed`) or can do without (`optional`), and `namespaces` as {<namespace>: [suffix]}.
Takes {scope, secrets, environment}, the last from the manifest's own environment.
*/}}
{{- define "fairlead.secrets" -}}
{{- $call := . -}}
{{- $map := .scope.cluster.infisical.environments | default dict -}}
{{- $key := include "fairlead.keyFor" (dict "map" $map "name" .scope.environment) -}}
{{- $environment := .environment | default (get $map $key) | default .scope.environment -}}
{{- $sets := dict -}}
{{- $given := .secrets | default dict -}}
{{- if or (hasKey $given "path") (hasKey $given "env") -}}
  {{- $set := dict "environment" $environment "baseName" (printf "%s-secrets" .scope.name) "keys" ($given.env | default dict) "path" $given.path "namespaces" dict -}}
  {{- include "fairlead.prune" $set -}}
  {{- $_ := set $sets "app" $set -}}
{{- end -}}
{{- range $name, $written := omit $given "path" "env" -}}
  {{- if kindIs "map" $written -}}
    {{- include "fairlead.prune" $written -}}
    {{- $baseName := $written.existingSecret | default $written.name | default (printf "%s-%s-secrets" $call.scope.name $name) -}}
    {{- $set := merge (dict "environment" $environment "baseName" $baseName "keys" dict "namespaces" dict) (pick $written "path" "reload") -}}
    {{- if $written.existingSecret -}}
      {{- $_ := set $set "existing" true -}}
    {{- else if not $written.path -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_SECRET_INCOMPLETE" "at" (list "secrets" $name) "message" "a set of secrets needs path, its folder in Infisical, or existingSecret") -}}
    {{- end -}}
    {{- range $written.keys -}}
      {{- $_ := set $set.keys . . -}}
    {{- end -}}
    {{- $_ := set $sets $name $set -}}
  {{- end -}}
{{- end -}}
{{- range $set := $sets -}}
  {{- $_ := set $set "needed" dict -}}
  {{- $_ := set $set "optional" dict -}}
  {{- range $set.keys -}}
    {{- $_ := set $set.needed . true -}}
  {{- end -}}
{{- end -}}
{{- range $name, $_ := .scope.values.deploy.secrets -}}
  {{- if not (hasKey $sets $name) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_SECRET_UNOWNED" "path" (printf "deploy.secrets.%s" $name) "message" (printf "no set has this name; sets: %s" (keys $sets | sortAlpha | join ", " | default "none"))) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $set := $sets -}}
  {{- include "fairlead.delivery" (dict "scope" $call.scope "name" $name "set" $set) -}}
{{- end -}}
{{- toJson $sets -}}
{{- end -}}

{{/*
Sets `secretName`, the Secret that pods refer to, and `synced` where the deploy action makes it: a new one for each content, so
that a rollback finds its old values. Only a deploy knows its name; what is printed before has a stand-in.
Takes {scope, name, set}; changes `set`.
*/}}
{{- define "fairlead.delivery" -}}
{{- $scope := .scope -}}
{{- $set := .set -}}
{{- $_ := set $set "secretName" $set.baseName -}}
{{- if and (eq $scope.cluster.secrets.delivery "sync") $set.path (not $set.existing) -}}
  {{- $_ := set $set "synced" true -}}
  {{- $given := get ($scope.values.deploy.secrets | default dict) .name -}}
  {{- $_ := set $set "secretName" ($given | default (printf "%s-preview" $set.baseName)) -}}
  {{- if not (or $given $scope.values.deploy.preview $scope.values.deploy.resolved) -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_SECRET_UNDELIVERED" "at" (ternary (list "secrets" "path") (list "secrets" .name) (eq .name "app")) "message" (printf "cluster.secrets.delivery is sync, and deploy.secrets.%s names no Secret; deploy with the deploy action, or set the delivery operator" .name)) -}}
  {{- end -}}
  {{- if has ($set.reload | default "") (list "operator" "reloader") -}}
    {{- include "fairlead.notice" (dict "scope" $scope "path" (include "fairlead.place" (dict "scope" $scope "at" (list "secrets" .name "reload"))) "message" "does nothing, since with the delivery sync a changed value is another Secret, which restarts pods anyway") -}}
  {{- end -}}
  {{- $_ := unset $set "reload" -}}
{{- end -}}
{{- end -}}

{{/* Gives the configuration sets as JSON, {<set>: {configName, existing?, data, required, namespaces}}. Takes {scope, config}. */}}
{{- define "fairlead.config" -}}
{{- $scope := .scope -}}
{{- $sets := dict -}}
{{- range $name, $written := .config -}}
  {{- if kindIs "map" $written -}}
    {{- include "fairlead.prune" $written -}}
    {{- $configName := ($written.metadata | default dict).name | default (printf "%s-%s" $scope.name $name) -}}
    {{- $data := dict -}}
    {{- range $key, $value := omit $written "metadata" "existingConfig" -}}
      {{- $at := list "config" $name $key -}}
      {{- if and (kindIs "map" $value) (not $value.file) -}}
        {{- include "fairlead.error" (dict "scope" $scope "code" "APP_REFERENCE_EMPTY" "at" $at "message" "write the text itself, or the file that holds it") -}}
      {{- else if kindIs "map" $value -}}
        {{- include "fairlead.notInlined" (dict "scope" $scope "at" $at "file" $value.file) -}}
      {{- else -}}
        {{- $_ := set $data $key (include "fairlead.text" $value) -}}
      {{- end -}}
    {{- end -}}
    {{- $required := ($written.metadata | default dict).required | default list -}}
    {{- range $required -}}
      {{- if not (or $written.existingConfig (get $data .)) -}}
        {{- include "fairlead.error" (dict "scope" $scope "code" "APP_CONFIG_INCOMPLETE" "at" (list "config" $name .) "message" (printf "config.%s must say %s: metadata.required names it" $name .)) -}}
      {{- end -}}
    {{- end -}}
    {{- $set := dict "configName" ($written.existingConfig | default $configName) "data" $data "required" $required "namespaces" dict -}}
    {{- if $written.existingConfig -}}
      {{- $_ := set $set "existing" true -}}
    {{- end -}}
    {{- $_ := set $sets $name $set -}}
  {{- end -}}
{{- end -}}
{{- toJson $sets -}}
{{- end -}}

{{/* Helm cannot read the application's files; the deploy action puts their text into the values. Takes {scope, at, file}. */}}
{{- define "fairlead.notInlined" -}}
{{- include "fairlead.error" (dict "scope" .scope "code" "APP_FILE_NOT_INLINED" "at" .at "message" (printf "the text of %s is not here; the deploy action puts it in, with plain Helm pass it by --set-file" .file)) -}}
{{- end -}}

{{/*
Gives the name of the object behind a set, and notes that a component uses it; an unknown set is an error and gives nothing.
A Job that runs before the deploy gets a copy of its own, because hooks come before all else: its name ends in -pre.
Takes {call, at, type, set}: `type` is secret or config, `call` the component.
*/}}
{{- define "fairlead.useSet" -}}
{{- $sets := ternary .call.scope.secrets .call.scope.config (eq .type "secret") -}}
{{- $set := get $sets .set -}}
{{- if not $set -}}
  {{- $path := ternary "secrets" "config" (eq .type "secret") -}}
  {{- include "fairlead.error" (dict "scope" .call.scope "code" "APP_REFERENCE_UNKNOWN" "at" .at "message" (printf "spec.%s declares no %q; declared: %s" $path .set (keys $sets | sortAlpha | join ", " | default "none"))) -}}
{{- else if or $set.existing $set.synced -}}
  {{- include "fairlead.noteReload" (dict "call" .call "set" $set) -}}
  {{- if $set.synced -}}
    {{- $_ := set $set.namespaces .call.namespace (list "") -}}
  {{- end -}}
  {{- $set.secretName | default $set.configName -}}
{{- else -}}
  {{- $suffix := ternary "-pre" "" (eq (.call.folded.when | default "") "pre-deploy") -}}
  {{- include "fairlead.noteReload" (dict "call" .call "set" $set) -}}
  {{- $_ := set $set.namespaces .call.namespace (append (get $set.namespaces .call.namespace | default list) $suffix | uniq) -}}
  {{- $set.secretName | default $set.configName }}{{ $suffix -}}
{{- end -}}
{{- end -}}

{{/* Notes what restarts the component when a secret it uses changes. Takes {call, set}; changes the call's `reload`. */}}
{{- define "fairlead.noteReload" -}}
{{- if eq (.set.reload | default "") "operator" -}}
  {{- $_ := set .call.reload "secrets.infisical.com/auto-reload" "true" -}}
{{- else if eq (.set.reload | default "") "reloader" -}}
  {{- $names := splitList "," (get .call.reload "secret.reloader.stakater.com/reload" | default .set.secretName) -}}
  {{- $_ := set .call.reload "secret.reloader.stakater.com/reload" (append $names .set.secretName | uniq | join ",") -}}
{{- end -}}
{{- end -}}

{{/*
Gives what `set/key` refers to as JSON {object, key}, and notes the use, for secrets the key, for configuration the value,
on which the component's checksum depends. Takes {call, at, type, text, optional?}: whether it may be missing.
*/}}
{{- define "fairlead.reference" -}}
{{- $name := splitList "/" .text | first -}}
{{- $key := trimPrefix (printf "%s/" $name) .text -}}
{{- $object := include "fairlead.useSet" (dict "call" .call "at" .at "type" .type "set" $name) -}}
{{- if $object -}}
  {{- if eq .type "secret" -}}
    {{- $set := get .call.scope.secrets $name -}}
    {{- $_ := set $set.keys $key $key -}}
    {{- $_ := set (ternary $set.optional $set.needed (.optional | default false)) $key true -}}
  {{- else -}}
    {{- $set := get .call.scope.config $name -}}
    {{- if hasKey $set.data $key -}}
      {{- $_ := set .call.used .text (get $set.data $key) -}}
    {{- else if not $set.existing -}}
      {{- include "fairlead.error" (dict "scope" .call.scope "code" "APP_REFERENCE_UNKNOWN" "at" .at "message" (printf "config.%s has no key %q; keys: %s" $name $key (keys $set.data | sortAlpha | join ", " | default "none"))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- dict "object" $object "key" $key | toJson -}}
{{- end -}}

{{/* Turns the notes of where each set is used into lists, sorted; the seed's set is always made. Takes {scope}; works in place. */}}
{{- define "fairlead.closeSets" -}}
{{- $scope := .scope -}}
{{- with $scope.secrets.app -}}
  {{- if and $scope.single (not .namespaces) -}}
    {{- $_ := set .namespaces $scope.namespace (list "") -}}
  {{- end -}}
{{- end -}}
{{- range $name, $set := $scope.secrets -}}
  {{- if and $set.synced $set.whole (not $set.keys) -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_SECRET_INCOMPLETE" "at" (list "secrets" $name) "message" "only declared keys leave Infisical; a set that is used whole needs keys") -}}
  {{- end -}}
  {{- $_ := unset $set "whole" -}}
  {{- range keys $set.optional | sortAlpha -}}
    {{- if not (hasKey $set.needed .) -}}
      {{- $_ := set $set "optionalKeys" (append ($set.optionalKeys | default list) .) -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := unset $set "needed" -}}
  {{- $_ := unset $set "optional" -}}
{{- end -}}
{{- range list $scope.secrets $scope.config -}}
  {{- range $set := . -}}
    {{- $copies := list -}}
    {{- range $namespace, $suffixes := $set.namespaces -}}
      {{- range $suffixes | sortAlpha -}}
        {{- $copies = append $copies (dict "namespace" $namespace "suffix" .) -}}
      {{- end -}}
    {{- end -}}
    {{- $_ := set $set "copies" $copies -}}
    {{- $_ := unset $set "namespaces" -}}
  {{- end -}}
{{- end -}}
{{- end -}}
