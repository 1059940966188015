// Reads files as `docker run --env-file` does, by the function that it calls itself, and prints the entries of
// each as a JSON list of "NAME=value".
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/docker/cli/opts"
)

func main() {
	output := json.NewEncoder(os.Stdout)
	for _, file := range os.Args[1:] {
		entries, err := opts.ReadKVEnvStrings([]string{file}, nil)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := output.Encode(entries); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
