package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// layout names the files of a cluster's data folder.
//
//	config.json          what to run: written by whoever calls `kubenode up`
//	status.json          what runs: written by the supervisor
//	kubeconfig           for clients on this machine; cluster administrator
//	supervisor.log       written by whoever calls `kubenode up`
//	lock                 held by the supervisor, contains its process id
//	nodes/NAME/images.json  digests of the images that were imported
//	nodes/NAME/root      root file system of a node; logs of its components in var/log
type layout struct{ data string }

func (l layout) config() string          { return filepath.Join(l.data, "config.json") }
func (l layout) status() string          { return filepath.Join(l.data, "status.json") }
func (l layout) kubeconfig() string      { return filepath.Join(l.data, "kubeconfig") }
func (l layout) lock() string            { return filepath.Join(l.data, "lock") }
func (l layout) root(node string) string { return filepath.Join(l.data, "nodes", node, "root") }
func (l layout) images(node string) string {
	return filepath.Join(l.data, "nodes", node, "images.json")
}

// id distinguishes this cluster from every other on the machine, also from one of the same name in another folder.
func (l layout) id() string {
	sum := sha256.Sum256([]byte(l.data))
	return filepath.Base(l.data) + "-" + hex.EncodeToString(sum[:3])
}

// writeFile replaces a file at once: a reader sees the old content or the new one, never half of it.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, mode); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
