// image writes a container image from a description of its files: no daemon, no registry, no privileges, and the same
// bytes for the same content.
//
//	image -spec FILE -o ARCHIVE
//
// The archive is a docker-archive, which containerd, Docker, Podman and skopeo read. The result is printed as JSON:
// {"name": ..., "id": <digest of the configuration>, "layers": [<digests>], "bytes": <size of the archive>}.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

func main() {
	specFile := flag.String("spec", "", "file with the image's description (JSON); - is standard input")
	output := flag.String("o", "", "archive to write")
	flag.Parse()
	if *specFile == "" || *output == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	result, err := run(*specFile, *output)
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}

func run(specFile, output string) (*Result, error) {
	spec, err := readSpec(specFile)
	if err != nil {
		return nil, err
	}
	return build(spec, output)
}
