{{/*
Gives `spec` under the environment's part of it, normalised, as JSON, tombstones included.
Sets the scope's `written` to both as they were written, from which errors learn where a value came from. Takes the scope.
*/}}
{{- define "fairlead.layers" -}}
{{- $overlay := omit (get .environments .declared | default dict) "metadata" "deploy" "branch" "tag" -}}
{{- $spec := .values.spec | default dict -}}
{{- $layers := list (dict "root" (printf "environments.%s" .declared) "body" $overlay) (dict "root" "spec" "body" $spec) -}}
{{- $_ := set . "written" ($layers | toJson | fromJsonArray) -}}
{{- range $layer := $layers -}}
  {{- include "fairlead.normaliseAll" (dict "scope" $ "layer" $layer.body "path" $layer.root) -}}
{{- end -}}
{{- include "fairlead.merge" (dict "into" $spec "from" $overlay "level" "keys") -}}
{{- toJson $spec -}}
{{- end -}}

{{/*
Gives the resolved components as JSON, by key. A single application is the component `main`.
Takes {scope, spec}; sets the scope's `single`, and `layers`: what was written of each component.
*/}}
{{- define "fairlead.components" -}}
{{- $scope := .scope -}}
{{- $spec := .spec -}}
{{- $single := not (hasKey $spec "components") -}}
{{- $_ := set $scope "single" $single -}}
{{- if and (not $single) ($spec.secrets | default dict).env -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_SECRET_UNOWNED" "at" (list "secrets" "env") "message" "with components, say which of them gets a secret: env: {NAME: {secret: app/NAME}}") -}}
{{- end -}}
{{- $own := omit $spec "verify" "hints" "podSecurity" "rollback" "namespaces" "secrets" "config" "components" "defaults" "manifests" "same" "secretsEnv" -}}
{{- $layers := dict "main" $own -}}
{{- if not $single -}}
  {{- $layers = $spec.components | default dict -}}
  {{- include "fairlead.refuseMixed" (dict "scope" $scope "own" (omit $own "image" "ingress")) -}}
{{- end -}}
{{- include "fairlead.giveImages" (dict "scope" $scope "layers" $layers "single" $single) -}}
{{- include "fairlead.skipJobs" (dict "scope" $scope "layers" $layers "single" $single "shared" ($spec.defaults | default dict)) -}}
{{- $_ := set $scope "layers" $layers -}}
{{- $components := dict -}}
{{- range $key, $layer := $layers -}}
  {{- if and (kindIs "map" $layer) (ne (get $layer "enabled" | toString) "false") -}}
    {{- $at := ternary list (list "components" $key) $single -}}
    {{- $parent := include "fairlead.parent" (dict "scope" $scope "layers" $layers "key" $key "at" $at) | fromJson -}}
    {{- $call := dict "scope" $scope "key" $key "at" $at "shared" ($spec.defaults | default dict) "parent" $parent "layer" $layer -}}
    {{- if not $single -}}
      {{- $_ := set $call "image" $spec.image -}}
    {{- end -}}
    {{- $_ := set $components $key (include "fairlead.component" $call | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- include "fairlead.refuseTwice" (dict "scope" $scope "components" $components) -}}
{{- include "fairlead.after" (dict "scope" $scope "components" $components) -}}
{{- include "fairlead.peers" (dict "scope" $scope "components" $components) -}}
{{- toJson $components -}}
{{- end -}}

{{/* A `spec` with components may not hold the keys of a single application as well. Takes {scope, own}. */}}
{{- define "fairlead.refuseMixed" -}}
{{- $scope := .scope -}}
{{- range $key, $value := .own -}}
  {{- if not (kindIs "invalid" $value) -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_SPEC_MIXED" "at" (list $key) "message" "spec is one application or has components, never both; move this into defaults or into a component") -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives CI's images to the components that own them, so that heirs follow. Takes {scope, layers, single}; works in place. */}}
{{- define "fairlead.giveImages" -}}
{{- $call := . -}}
{{- range $key, $image := .scope.values.deploy.images -}}
  {{- $layer := get $call.layers $key -}}
  {{- if kindIs "map" $layer -}}
    {{- $_ := set $layer "ciImage" $image -}}
  {{- else if not (hasKey $call.layers $key) -}}
    {{- $known := ternary "a single application is main" (printf "components: %s" (keys $call.layers | sortAlpha | join ", ")) $call.single -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_IMAGE_UNOWNED" "path" (printf "deploy.images.%s" $key) "message" (printf "no component has this name; %s" $known)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Leaves Jobs out of this one deploy as if the environment disabled them. Takes {scope, layers, single, shared}; works in place. */}}
{{- define "fairlead.skipJobs" -}}
{{- $call := . -}}
{{- range $index, $key := .scope.values.deploy.skip -}}
  {{- $layer := get $call.layers $key -}}
  {{- $problem := "" -}}
  {{- if $call.single -}}
    {{- $problem = "a single application is one component, and nothing would be left" -}}
  {{- else if not (hasKey $call.layers $key) -}}
    {{- $problem = printf "there is no component %q; components: %s" $key (keys $call.layers | sortAlpha | join ", ") -}}
  {{- else if kindIs "map" $layer -}}
    {{- $parent := get $call.layers ($layer.extends | default "") | default dict -}}
    {{- $kind := coalesce $layer.kind $parent.kind $call.shared.kind "Deployment" -}}
    {{- if eq $kind "Job" -}}
      {{- $_ := set $layer "enabled" false -}}
    {{- else -}}
      {{- $problem = printf "%s is a %s; only Jobs can be left out of one deploy" $key $kind -}}
    {{- end -}}
  {{- end -}}
  {{- with $problem -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_SKIP" "path" (printf "deploy.skip.%d" $index) "message" .) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives the layer of the component that another one extends, as JSON, or an empty map. Takes {scope, layers, key, at}. */}}
{{- define "fairlead.parent" -}}
{{- $parent := dict -}}
{{- $name := (get .layers .key).extends -}}
{{- if $name -}}
  {{- $problem := "" -}}
  {{- if and (hasKey .layers $name) (kindIs "invalid" (get .layers $name)) -}}
    {{- $problem = printf "the environment removes %s, which this extends; write enabled: false there, and its keys are still taken" $name -}}
  {{- else if not (kindIs "map" (get .layers $name)) -}}
    {{- $problem = printf "there is no component %q to extend; components: %s" $name (keys .layers | sortAlpha | join ", ") -}}
  {{- else if (get .layers $name).extends -}}
    {{- $problem = printf "%q extends another component itself; extend that one, or put what they share into defaults" $name -}}
  {{- else -}}
    {{- $parent = omit (get .layers $name) "enabled" -}}
  {{- end -}}
  {{- with $problem -}}
    {{- include "fairlead.error" (dict "scope" $.scope "code" "APP_EXTENDS" "at" (append $.at "extends") "message" .) -}}
  {{- end -}}
{{- end -}}
{{- toJson $parent -}}
{{- end -}}

{{/* Two components cannot have one name in one namespace, nor one Service, account or port of the node. Takes {scope, components}. */}}
{{- define "fairlead.refuseTwice" -}}
{{- $scope := .scope -}}
{{- $seen := dict -}}
{{- range $key, $component := .components -}}
  {{- $named := list (dict "what" "are both called" "name" $component.name "at" (list "name")) -}}
  {{- with $component.service -}}
    {{- $named = append $named (dict "what" "both have the Service" "name" .name "at" (list "service" "name")) -}}
    {{- with .headless -}}
      {{- $named = append $named (dict "what" "both have the Service" "name" . "at" (list "service" "name")) -}}
    {{- end -}}
  {{- end -}}
  {{- if ($component.serviceAccount | default dict).create -}}
    {{- $named = append $named (dict "what" "both have the ServiceAccount" "name" $component.serviceAccount.name "at" (list "serviceAccount" "name")) -}}
  {{- end -}}
  {{- $clash := false -}}
  {{- range $named -}}
    {{- $address := printf "%s %s/%s" .what $component.namespace .name -}}
    {{- $other := get $seen $address -}}
    {{- if and $other (ne $other $key) (not $clash) -}}
      {{- $clash = true -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_NAME_TWICE" "at" (concat (list "components" $key) .at) "message" (printf "%s and %s %s %s in namespace %s; give one of them another name" $other $key .what .name $component.namespace)) -}}
    {{- end -}}
    {{- $_ := set $seen $address ($other | default $key) -}}
  {{- end -}}
  {{- range $port := $component.ports -}}
    {{- if hasKey $port "hostPort" -}}
      {{- $taken := printf "%v/%s" $port.hostPort $port.protocol -}}
      {{- if hasKey $seen $taken -}}
        {{- include "fairlead.error" (dict "scope" $scope "code" "APP_PORT_TWICE" "at" (list "components" $key "ports" $port.name) "message" (printf "%s and %s both take port %s of the node; give one of them another hostPort" (get $seen $taken) $key $taken)) -}}
      {{- end -}}
      {{- $_ := set $seen $taken $key -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Says `true` for an address range, as 10.0.0.0/8 or 2001:db8::/32. Takes the text. */}}
{{- define "fairlead.isRange" -}}
{{- $byte := `(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])` -}}
{{- $four := printf `^(%s\.){3}%s/(3[0-2]|[12]?[0-9])$` $byte $byte -}}
{{- $groups := regexFindAll `[0-9a-fA-F]+` (splitList "/" . | first) -1 | len -}}
{{- $six := regexMatch `^([0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$` . -}}
{{- $short := regexFindAll `::` . -1 | len -}}
{{- or (regexMatch $four .) (and $six (not (contains ":::" .)) (eq $short (ternary 0 1 (eq $groups 8)))) -}}
{{- end -}}

{{/* A network policy can only name what is there. Takes {scope, components}. */}}
{{- define "fairlead.peers" -}}
{{- $call := . -}}
{{- range $key, $component := .components -}}
  {{- range $side, $peers := $component.networkPolicy -}}
    {{- range $index, $peer := $peers -}}
      {{- if not (or (has $peer (list "ingress" "internet")) (hasPrefix "namespace:" $peer) (eq (include "fairlead.isRange" $peer) "true") (hasKey $call.components $peer)) -}}
        {{- $at := concat (ternary list (list "components" $key) $call.scope.single) (list "networkPolicy" $side $index) -}}
        {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_NETWORK_PEER" "at" $at "message" (printf "%q is none of ingress, internet, namespace:name, an address range and a component; components: %s" $peer (keys $call.components | sortAlpha | join ", "))) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
