package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// importsAtOnce: an import is hashing and unpacking, about one core each.
const importsAtOnce = 2

// importImages imports into a node the images that it does not have in this version yet, in order.
func (s *supervisor) importImages(ctx context.Context, node string, images []Image) error {
	address := ""
	for _, process := range s.nodes {
		if process.name == node {
			address = containerdSocket(process.pid)
		}
	}
	err := importInto(ctx, s.layout, s.config.System, node, address, images)
	if err == nil {
		s.board.change(func(status *Status) {
			for _, image := range images {
				status.Images[image.Name] = image.Digest
			}
		})
	}
	return err
}

// containerdSocket of the node whose PID 1 has this process id, seen from the host.
func containerdSocket(pid int) string {
	return fmt.Sprintf("/proc/%d/root/run/containerd/containerd.sock", pid)
}

func importInto(ctx context.Context, l layout, system, node, socket string, images []Image) error {
	have, err := importedImages(l, node)
	if err != nil {
		return err
	}
	slots, failures := make(chan struct{}, importsAtOnce), make(chan error, len(images))
	var all sync.WaitGroup
	for _, image := range images {
		if have[image.Name] == image.Digest {
			continue
		}
		slots <- struct{}{}
		all.Add(1)
		go func() {
			defer all.Done()
			defer func() { <-slots }()
			command := exec.CommandContext(ctx, filepath.Join(system, "usr/bin/ctr"), "--address", socket, "--namespace", "k8s.io",
				"images", "import", image.Archive)
			output, err := command.CombinedOutput()
			if err == nil {
				err = noteImported(l, node, image)
			}
			if err != nil {
				failures <- fmt.Errorf("importing %s into %s: %w: %s", image.Name, node, err, strings.TrimSpace(string(output)))
			}
		}()
	}
	all.Wait()
	close(failures)
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	return err
}

// importedImages: image name -> digest that was imported into a node.
func importedImages(l layout, node string) (map[string]string, error) {
	images := map[string]string{}
	text, err := os.ReadFile(l.images(node))
	if os.IsNotExist(err) {
		return images, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &images)
	}
	return images, err
}

// noteImported is called by the supervisor and by `kubenode import`, perhaps at once: the file is locked.
func noteImported(l layout, node string, image Image) error {
	guard, err := os.OpenFile(l.images(node)+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer guard.Close()
	if err := unix.Flock(int(guard.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	images, err := importedImages(l, node)
	if err != nil {
		return err
	}
	images[image.Name] = image.Digest
	text, err := json.MarshalIndent(images, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(l.images(node), append(text, '\n'), 0o644)
}

// importFromStdin is the command `kubenode import`.
func importFromStdin(l layout) error {
	var images []Image
	if err := json.NewDecoder(os.Stdin).Decode(&images); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	config, err := loadConfig(l)
	if err != nil {
		return err
	}
	status := currentStatus(l)
	if status.Pid == 0 {
		return errors.New("the cluster does not run")
	}
	failures := make(chan error)
	for _, node := range status.Nodes {
		go func() {
			failures <- importInto(context.Background(), l, config.System, node.Name, containerdSocket(node.Pid), images)
		}()
	}
	for range status.Nodes {
		err = errors.Join(err, <-failures)
	}
	return err
}
