package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// subnet is the network 10.88.N.0/24 between the host (.1) and a cluster's nodes (.2, .3 ...).
type subnet struct{ number int }

// bridgeName is the switch inside the first node's network namespace that all nodes hang on.
const bridgeName = "lan0"

func (s subnet) host() string          { return fmt.Sprintf("10.88.%d.1", s.number) }
func (s subnet) node(index int) string { return fmt.Sprintf("10.88.%d.%d", s.number, index+2) }
func (s subnet) String() string        { return fmt.Sprintf("10.88.%d.0/24", s.number) }
func (s subnet) interfaceName() string { return fmt.Sprintf("kubenode%d", s.number) }
func (s subnet) contains(address string) bool {
	return strings.HasPrefix(address, fmt.Sprintf("10.88.%d.", s.number))
}

// alias marks the host's end of the veth pair as this cluster's.
func (l layout) alias() string { return "kubenode " + l.data }

// createVeth creates the host's end of the veth pair, which reserves a subnet: creating an interface of an existing name
// fails, so two clusters that start at once cannot get the same one. A preferred number (of an earlier start) is tried first.
func createVeth(l layout, preferred, firstNode int) (subnet, error) {
	routes, err := netlink.RouteList(nil, unix.AF_INET)
	if err != nil {
		return subnet{}, err
	}
	candidates := []int{}
	if preferred >= 0 {
		candidates = append(candidates, preferred)
	}
	for number := range 256 {
		candidates = append(candidates, number)
	}
	for _, number := range candidates {
		s := subnet{number}
		if taken(s, routes) {
			continue
		}
		attributes := netlink.NewLinkAttrs()
		attributes.Name = s.interfaceName()
		err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: "host0", PeerNamespace: netlink.NsPid(firstNode)})
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return s, fmt.Errorf("creating the interface %s: %w", s.interfaceName(), err)
		}
		return s, configureHostEnd(l, s)
	}
	return subnet{}, errors.New("no network 10.88.N.0/24 is free: the host has routes to all of 10.88.0.0/16")
}

// taken tells whether the host has a route into the subnet already (a default route does not count).
func taken(s subnet, routes []netlink.Route) bool {
	_, own, _ := net.ParseCIDR(s.String())
	for _, route := range routes {
		if route.Dst == nil {
			continue
		}
		if ones, _ := route.Dst.Mask.Size(); ones > 0 && (route.Dst.Contains(own.IP) || own.Contains(route.Dst.IP)) {
			return true
		}
	}
	return false
}

func configureHostEnd(l layout, s subnet) error {
	link, err := netlink.LinkByName(s.interfaceName())
	if err != nil {
		return err
	}
	if err := netlink.LinkSetAlias(link, l.alias()); err != nil {
		return err
	}
	if err := addAddress(&netlink.Handle{}, link, s.host()+"/24"); err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// plugNodes connects the nodes: a bridge in the first node's namespace, on it the host's veth and one veth per further node.
func plugNodes(s subnet, pids []int) error {
	first, closeFirst, err := handleOf(pids[0])
	if err != nil {
		return err
	}
	defer closeFirst()
	attributes := netlink.NewLinkAttrs()
	attributes.Name = bridgeName
	if err := first.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
		return fmt.Errorf("creating the bridge: %w", err)
	}
	bridge, err := first.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	ports := []string{"host0"}
	for index := 1; index < len(pids); index++ {
		attributes := netlink.NewLinkAttrs()
		attributes.Name = "node" + strconv.Itoa(index+1)
		pair := &netlink.Veth{LinkAttrs: attributes, PeerName: bridgeName, PeerNamespace: netlink.NsPid(pids[index])}
		if err := first.LinkAdd(pair); err != nil {
			return fmt.Errorf("connecting node %d: %w", index+1, err)
		}
		ports = append(ports, attributes.Name)
	}
	for _, port := range ports {
		link, err := first.LinkByName(port)
		if err == nil {
			err = first.LinkSetMaster(link, bridge)
		}
		if err == nil {
			err = first.LinkSetUp(link)
		}
		if err != nil {
			return fmt.Errorf("connecting %s: %w", port, err)
		}
	}
	for index, pid := range pids {
		if err := addressNode(s, index, pid, len(pids)); err != nil {
			return fmt.Errorf("network of node %d: %w", index+1, err)
		}
	}
	return nil
}

// addressNode gives a node its address, its way out and the routes to the other nodes' pods.
func addressNode(s subnet, index, pid, nodes int) error {
	handle, closeHandle, err := handleOf(pid)
	if err != nil {
		return err
	}
	defer closeHandle()
	loopback, err := handle.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := handle.LinkSetUp(loopback); err != nil {
		return err
	}
	link, err := handle.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	if err := addAddress(handle, link, s.node(index)+"/24"); err != nil {
		return err
	}
	if err := handle.LinkSetUp(link); err != nil {
		return err
	}
	routes := map[string]string{"0.0.0.0/0": s.host()}
	for other := range nodes {
		if other != index {
			routes[podSubnet(other)] = s.node(other)
		}
	}
	for destination, via := range routes {
		_, network, err := net.ParseCIDR(destination)
		if err != nil {
			return err
		}
		if err := handle.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: network, Gw: net.ParseIP(via)}); err != nil {
			return fmt.Errorf("route to %s: %w", destination, err)
		}
	}
	return nil
}

func addAddress(handle *netlink.Handle, link netlink.Link, address string) error {
	parsed, err := netlink.ParseAddr(address)
	if err != nil {
		return err
	}
	return handle.AddrAdd(link, parsed)
}

func handleOf(pid int) (*netlink.Handle, func(), error) {
	namespace, err := netns.GetFromPid(pid)
	if err != nil {
		return nil, nil, err
	}
	handle, err := netlink.NewHandleAt(namespace)
	if err != nil {
		namespace.Close()
		return nil, nil, err
	}
	return handle, func() { handle.Close(); namespace.Close() }, nil
}

// removeInterfaces removes the host's ends of veth pairs that belong to this data folder. The kernel keeps a killed
// cluster's network namespace, and with it the pair, for as long as closed connections linger (up to 100 s).
func removeInterfaces(l layout) (removed []string, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if link.Attrs().Alias != l.alias() {
			continue
		}
		if failure := netlink.LinkDel(link); failure != nil && !errors.Is(failure, unix.ENODEV) {
			err = errors.Join(err, fmt.Errorf("removing the interface %s: %w", link.Attrs().Name, failure))
			continue
		}
		removed = append(removed, link.Attrs().Name)
	}
	return removed, err
}
