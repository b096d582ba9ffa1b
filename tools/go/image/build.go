package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// searchPath is the PATH of containers that set none.
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// build writes the image and publishes it by rename: an interrupted run leaves no half archive.
func build(spec *Spec, output string) (*Result, error) {
	folder, err := os.MkdirTemp(filepath.Dir(output), ".image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)

	result := &Result{Name: spec.Name}
	additions := make([]mutate.Addendum, 0, len(spec.Layers))
	for _, layer := range spec.Layers {
		written, err := writeLayer(layer, folder)
		if err != nil {
			return nil, err
		}
		result.Layers = append(result.Layers, written.hash.String())
		history := v1.History{Created: v1.Time{Time: time.Unix(0, 0).UTC()}, CreatedBy: "image"}
		additions = append(additions, mutate.Addendum{Layer: written, MediaType: types.DockerUncompressedLayer, History: history})
	}
	image, err := mutate.Append(empty.Image, additions...)
	if err != nil {
		return nil, err
	}
	if image, err = configure(image, spec); err != nil {
		return nil, err
	}
	id, err := image.ConfigName()
	if err != nil {
		return nil, err
	}
	result.ID = id.String()

	images := map[name.Tag]v1.Image{}
	for _, text := range append([]string{spec.Name}, spec.Aliases...) {
		tag, err := name.NewTag(text, name.StrictValidation)
		if err != nil {
			return nil, err
		}
		images[tag] = image
	}
	staged := filepath.Join(folder, "image.tar")
	if err := tarball.MultiWriteToFile(staged, images); err != nil {
		return nil, err
	}
	info, err := os.Stat(staged)
	if err != nil {
		return nil, err
	}
	result.Bytes = info.Size()
	return result, os.Rename(staged, output)
}

func configure(image v1.Image, spec *Spec) (v1.Image, error) {
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", spec.Architecture
	file.Created = v1.Time{Time: time.Unix(0, 0).UTC()}
	file.Config = v1.Config{
		Entrypoint: spec.Config.Entrypoint,
		Env:        append([]string{searchPath}, spec.Config.Env...),
		User:       spec.Config.User,
		WorkingDir: spec.Config.WorkingDir,
		Labels:     spec.Config.Labels,
	}
	return mutate.ConfigFile(image, file)
}
