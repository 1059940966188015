module fairlead.test/docker

go 1.26.4

require github.com/docker/cli v29.7.2+incompatible

require gotest.tools/v3 v3.5.2 // indirect
