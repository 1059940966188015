{{/*
Gives a scalar as text, digits as written. Helm reads numbers as floats, and `quote` or `toString` would make 1048576
into 1.048576e+06; JSON does not.
*/}}
{{- define "fairlead.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* Gives a map of scalars as JSON with every value as text. Takes {scope, map} and `at`, or `path` outside `spec`. */}}
{{- define "fairlead.texts" -}}
{{- $texts := dict -}}
{{- $call := . -}}
{{- range $key, $value := .map -}}
  {{- if and (kindIs "float64" $value) (or (gt $value 9007199254740992.0) (lt $value -9007199254740992.0)) -}}
    {{- $place := dict "path" (printf "%s.%s" $call.path $key) -}}
    {{- if hasKey $call "at" -}}
      {{- $place = dict "at" (append $call.at $key) -}}
    {{- end -}}
    {{- include "fairlead.error" (merge $place (dict "scope" $call.scope "code" "APP_NUMBER_PRECISION" "message" "this number is too large to keep its digits; write it in quotes")) -}}
  {{- end -}}
  {{- $_ := set $texts $key (include "fairlead.text" $value) -}}
{{- end -}}
{{- toJson $texts -}}
{{- end -}}

{{/*
Gives a Kubernetes quantity as text, or notes an error. Takes {scope, at, value}.
Grammar: k8s.io/apimachinery/pkg/api/resource, less the sign.
*/}}
{{- define "fairlead.quantity" -}}
{{- $text := include "fairlead.text" .value -}}
{{- if not (regexMatch `^([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$` $text) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_QUANTITY_INVALID" "at" .at "message" (printf "%q is not a Kubernetes quantity; write for example 100m, 256Mi or 1.5Gi" $text)) -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* Gives a quantity as a number to compare, or nothing for what is none. Takes the quantity as text. */}}
{{- define "fairlead.amount" -}}
{{- $number := regexFind `^[0-9.]+([eE][+-]?[0-9]+)?` . -}}
{{- $unit := trimPrefix $number . -}}
{{- $decimal := dict "" 1.0 "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- $binary := dict "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 -}}
{{- $factor := get (merge $decimal $binary) $unit -}}
{{- if and $number $factor -}}
  {{- mulf (float64 $number) $factor -}}
{{- end -}}
{{- end -}}

{{/* Gives twice a quantity, in the same unit. Takes the quantity as text. */}}
{{- define "fairlead.double" -}}
{{- $number := regexFind `^[0-9.]+` . -}}
{{- $unit := trimPrefix $number . -}}
{{- mulf $number 2 | toJson }}{{ $unit -}}
{{- end -}}

{{/* Gives a time as whole seconds, or notes an error and gives a stand-in. Takes {scope, at, value}: seconds, or text as 90s, 5m, 1h30m. */}}
{{- define "fairlead.seconds" -}}
{{- $text := include "fairlead.text" .value -}}
{{- if regexMatch `[0-9]{10}|[0-9]{6}h` $text -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_TIME_INVALID" "at" .at "message" (printf "%q is longer than Kubernetes can count" $text)) -}}
  999999999
{{- else if regexMatch `^[0-9]+$` $text -}}
  {{- $text -}}
{{- else if and $text (regexMatch `^([0-9]+h)?([0-9]+m)?([0-9]+s)?$` $text) -}}
  {{- $hours := regexFind `[0-9]+h` $text | trimSuffix "h" | int -}}
  {{- $minutes := regexFind `[0-9]+m` $text | trimSuffix "m" | int -}}
  {{- $seconds := regexFind `[0-9]+s` $text | trimSuffix "s" | int -}}
  {{- add (mul $hours 3600) (mul $minutes 60) $seconds -}}
{{- else -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_TIME_INVALID" "at" .at "message" (printf "%q is not a time; write for example 90s, 5m or 1h30m" $text)) -}}
  30
{{- end -}}
{{- end -}}
