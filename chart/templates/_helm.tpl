{{/*
Says what is wrong with a version of Helm, or nothing. Before 3.20.1, and from 4.0.0 up to 4.1.2, Helm drops a null that stands
below a default, so that what a manifest deletes would stay (helm/helm#31643). Takes the version, with or without a v.
*/}}
{{- define "fairlead.helmFault" -}}
{{- $version := regexFind `[0-9]+\.[0-9]+\.[0-9]+` . -}}
{{- if $version -}}
  {{- if semverCompare "<3.20.1-0 || >=4.0.0-0 <4.1.3-0" $version -}}
APP_HELM_VERSION: this is Helm {{ . }}, which loses the nulls of a manifest; use Helm 3.20.1 or later, or 4.1.3 or later
  {{- end -}}
{{- end -}}
{{- end -}}
