package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// tarLayer is a layer kept as a plain tar: images made here are read from the local disk, where compressing and
// decompressing costs more than it saves.
type tarLayer struct {
	file string
	hash v1.Hash
	size int64
}

func (l *tarLayer) Digest() (v1.Hash, error)             { return l.hash, nil }
func (l *tarLayer) DiffID() (v1.Hash, error)             { return l.hash, nil }
func (l *tarLayer) Compressed() (io.ReadCloser, error)   { return os.Open(l.file) }
func (l *tarLayer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.file) }
func (l *tarLayer) Size() (int64, error)                 { return l.size, nil }
func (l *tarLayer) MediaType() (types.MediaType, error)  { return types.DockerUncompressedLayer, nil }

// item is one entry of the tar, before it is sorted.
type item struct {
	header *tar.Header
	source string // file with the content
	text   string // the content itself, when there is no file
}

// writeLayer makes the layer's tar in the folder. Time stamps, owners' names and order do not depend on this machine.
func writeLayer(layer Layer, folder string) (*tarLayer, error) {
	items, err := collect(layer)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(folder, "layer-*.tar")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	digest := sha256.New()
	buffer := bufio.NewWriterSize(file, 1<<20)
	archive := tar.NewWriter(io.MultiWriter(buffer, digest))
	for _, item := range items {
		if err := item.write(archive); err != nil {
			return nil, fmt.Errorf("%s: %w", item.header.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := buffer.Flush(); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	hash := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(digest.Sum(nil))}
	return &tarLayer{file: file.Name(), hash: hash, size: info.Size()}, nil
}

// collect expands folders, adds missing parent folders and sorts by path. Of two entries with one path the later wins.
func collect(layer Layer) ([]*item, error) {
	byPath := map[string]*item{}
	add := func(name string, it *item) {
		it.header.Name = name
		it.header.ModTime = time.Unix(0, 0)
		it.header.Format = tar.FormatPAX
		if it.header.Typeflag == tar.TypeDir {
			it.header.Name += "/"
		}
		byPath[name] = it
	}
	for _, entry := range layer {
		if err := expand(entry, add); err != nil {
			return nil, err
		}
	}
	for name := range byPath {
		for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
			if byPath[parent] == nil {
				add(parent, &item{header: &tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}})
			}
		}
	}
	names := make([]string, 0, len(byPath))
	for name := range byPath {
		names = append(names, name)
	}
	sort.Strings(names)
	items := make([]*item, len(names))
	for i, name := range names {
		items[i] = byPath[name]
	}
	return items, nil
}

func expand(entry Entry, add func(string, *item)) error {
	header := &tar.Header{Uid: entry.Owner, Gid: entry.Owner}
	switch {
	case entry.Link != "":
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, entry.Link, 0o777
		add(entry.Path, &item{header: header})
	case entry.Directory:
		header.Typeflag = tar.TypeDir
		header.Mode, _ = entry.mode(0o755)
		add(entry.Path, &item{header: header})
	case entry.Content != nil:
		header.Typeflag, header.Size = tar.TypeReg, int64(len(*entry.Content))
		header.Mode, _ = entry.mode(0o644)
		add(entry.Path, &item{header: header, text: *entry.Content})
	default:
		return expandSource(entry, add)
	}
	return nil
}

func expandSource(entry Entry, add func(string, *item)) error {
	root, err := filepath.EvalSymlinks(entry.Source)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(file string, found fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := found.Info()
		if err != nil {
			return err
		}
		name := path.Join(entry.Path, filepath.ToSlash(strings.TrimPrefix(file, root)))
		if name == "." { // the image's own root
			return nil
		}
		header := &tar.Header{Uid: entry.Owner, Gid: entry.Owner, Mode: unixMode(info.Mode())}
		it := &item{header: header}
		switch {
		case info.IsDir():
			header.Typeflag = tar.TypeDir
		case info.Mode()&fs.ModeSymlink != 0:
			header.Typeflag, header.Mode = tar.TypeSymlink, 0o777
			if header.Linkname, err = os.Readlink(file); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			header.Typeflag, header.Size, it.source = tar.TypeReg, info.Size(), file
		default:
			return fmt.Errorf("%s is neither a file, a folder nor a symbolic link", file)
		}
		if file == root {
			if header.Mode, err = entry.mode(header.Mode); err != nil {
				return err
			}
		}
		add(name, it)
		return nil
	})
}

func unixMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	for flag, bit := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&flag != 0 {
			bits |= bit
		}
	}
	return bits
}

func (i *item) write(archive *tar.Writer) error {
	if err := archive.WriteHeader(i.header); err != nil {
		return err
	}
	if i.source == "" {
		_, err := io.WriteString(archive, i.text)
		return err
	}
	file, err := os.Open(i.source)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(archive, file)
	return err
}
