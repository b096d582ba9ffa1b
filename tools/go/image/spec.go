package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
)

// Spec describes an image. Layers are ordered from the lowest: what changes rarely comes first, so that images share it.
type Spec struct {
	Name         string   `json:"name"`         // full name with tag, as manifests write it
	Aliases      []string `json:"aliases"`      // further names of the same image
	Architecture string   `json:"architecture"` // GOARCH
	Layers       []Layer  `json:"layers"`
	Config       Config   `json:"config"`
}

// Layer is one set of files.
type Layer []Entry

// Entry is one file, folder or link. Exactly one of Source, Content, Link and Directory is set.
type Entry struct {
	Path      string  `json:"path"`      // in the image, without a leading slash
	Source    string  `json:"source"`    // file or folder of this machine; a folder is taken with all it holds
	Content   *string `json:"content"`   // text of a file
	Link      string  `json:"link"`      // target of a symbolic link
	Directory bool    `json:"directory"` // an empty folder
	Mode      string  `json:"mode"`      // octal; default: the source's, else 755 for folders and 644 for files
	Owner     int     `json:"owner"`     // user and group id, default 0
}

// Config is what a container made of the image starts with.
type Config struct {
	Entrypoint []string          `json:"entrypoint"`
	Env        []string          `json:"env"`
	User       string            `json:"user"`
	WorkingDir string            `json:"workingDir"`
	Labels     map[string]string `json:"labels"`
}

// Result is what was written.
type Result struct {
	Name   string   `json:"name"`
	ID     string   `json:"id"`
	Layers []string `json:"layers"`
	Bytes  int64    `json:"bytes"`
}

func readSpec(file string) (*Spec, error) {
	in := io.ReadCloser(os.Stdin)
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		in = opened
	}
	defer in.Close()
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	spec := &Spec{}
	if err := decoder.Decode(spec); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return spec, spec.validate()
}

func (s *Spec) validate() error {
	var problems []error
	if s.Name == "" {
		problems = append(problems, errors.New("name is missing"))
	}
	if s.Architecture == "" {
		problems = append(problems, errors.New("architecture is missing"))
	}
	if len(s.Layers) == 0 {
		problems = append(problems, errors.New("layers: at least one is needed"))
	}
	for i, layer := range s.Layers {
		for j, entry := range layer {
			if err := entry.validate(); err != nil {
				problems = append(problems, fmt.Errorf("layers[%d][%d] %q: %w", i, j, entry.Path, err))
			}
		}
	}
	return errors.Join(problems...)
}

func (e *Entry) validate() error {
	kinds := 0
	for _, set := range []bool{e.Source != "", e.Content != nil, e.Link != "", e.Directory} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("exactly one of source, content, link and directory")
	}
	if e.Path == "" || e.Path != path.Clean(e.Path) || e.Path[0] == '/' || e.Path == ".." || len(e.Path) > 2 && e.Path[:3] == "../" {
		return errors.New("path must be clean and relative to the image's root")
	}
	_, err := e.mode(0)
	return err
}

// mode is the entry's permission bits, with the Unix set-id and sticky bits as in chmod.
func (e *Entry) mode(preset int64) (int64, error) {
	if e.Mode == "" {
		return preset, nil
	}
	mode, err := strconv.ParseInt(e.Mode, 8, 32)
	if err != nil || mode < 0 || mode > 0o7777 {
		return 0, fmt.Errorf("mode %q is not an octal permission", e.Mode)
	}
	return mode, nil
}
