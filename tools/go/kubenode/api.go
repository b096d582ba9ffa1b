package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// api talks to the API server as a node's PID 1 needs to.
type api struct {
	client *http.Client
	server string
}

// connect waits for the administrator's kubeconfig, which the first node makes, and reads it.
func (n *node) connect() error {
	own := kubernetesFolder + "/" + n.name + ".conf"
	err := waitFor("the cluster's certificates", time.Minute, func() error {
		for _, file := range []string{own, kubernetesFolder + "/admin.conf", kubernetesFolder + "/kube-proxy.conf"} {
			if _, err := os.Stat(file); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubernetesFolder+"/admin.conf")
	if err != nil {
		return err
	}
	config.Timeout = 5 * time.Second
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	n.api = &api{client, config.Host}
	return nil
}

func (a *api) do(method, path, contentType string, body []byte) ([]byte, error) {
	request, err := http.NewRequest(method, a.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, text)
	}
	return text, err
}

func (a *api) ready() error {
	_, err := a.do(http.MethodGet, "/readyz", "", nil)
	return err
}

// nodeReady tells whether the node has said since a time that it is ready: what the API server remembers may be old.
func (a *api) nodeReady(name string, since time.Time) error {
	text, err := a.do(http.MethodGet, "/api/v1/nodes/"+name, "", nil)
	if err != nil {
		return err
	}
	var node struct {
		Spec struct {
			Taints []struct{ Key string }
		}
		Status struct {
			Conditions []struct {
				Type, Status, Message string
				LastHeartbeatTime     time.Time
			}
		}
	}
	if err := json.Unmarshal(text, &node); err != nil {
		return err
	}
	for _, taint := range node.Spec.Taints {
		if taint.Key == "node.kubernetes.io/not-ready" {
			return fmt.Errorf("the node has the taint %s", taint.Key)
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" {
			if condition.Status == "True" && !condition.LastHeartbeatTime.Before(since) {
				return nil
			}
			return fmt.Errorf("Ready is %s: %s", condition.Status, condition.Message)
		}
	}
	return fmt.Errorf("kubelet has not reported yet")
}

func (a *api) scale(namespace, deployment string, replicas int) error {
	path := fmt.Sprintf("/apis/apps/v1/namespaces/%s/deployments/%s/scale", namespace, deployment)
	_, err := a.do(http.MethodPatch, path, "application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	return err
}

// dial tells whether something listens.
func dial(network, address string) error {
	connection, err := net.DialTimeout(network, address, time.Second)
	if err == nil {
		connection.Close()
	}
	return err
}
