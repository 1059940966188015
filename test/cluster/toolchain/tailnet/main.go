// A tailnet of one's own: Tailscale's test control plane, one DERP relay and one STUN server, on one address.
// Usage: control --address 10.0.0.1 --port 8090 --derp-port 8091 --stun-port 8092 --domain tailnet.test --magic-dns=true < auth-key
// The auth key comes by standard input, so that no argument list shows it.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"

	"tailscale.com/derp/derpserver"
	"tailscale.com/net/stunserver"
	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
	"tailscale.com/types/key"
)

func main() {
	address := flag.String("address", "127.0.0.1", "address that every machine of the tailnet can reach")
	port := flag.Int("port", 8090, "port of the control plane")
	derpPort := flag.Int("derp-port", 8091, "port of the relay")
	stunPort := flag.Int("stun-port", 8092, "UDP port of the STUN server; without one, a machine waits 3 s before it is up")
	domain := flag.String("domain", "tailnet.test", "MagicDNS domain")
	magicDNS := flag.Bool("magic-dns", true, "whether machines resolve each other's names")
	flag.Parse()

	authKey, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	serveRelay(*address, *derpPort)
	serveStun(*address, *stunPort)

	listen := net.JoinHostPort(*address, strconv.Itoa(*port))
	control := &testcontrol.Server{
		Logf:            log.Printf,
		Verbose:         true,
		RequireAuthKey:  strings.TrimSpace(string(authKey)),
		DERPMap:         relayMap(*address, *derpPort, *stunPort),
		MagicDNSDomain:  *domain,
		DNSConfig:       &tailcfg.DNSConfig{Proxied: *magicDNS, Domains: []string{*domain}},
		ExplicitBaseURL: "http://" + listen,
		AllOnline:       true,
	}
	log.Fatal(http.ListenAndServe(listen, control))
}

func serveRelay(address string, port int) {
	relay := derpserver.New(key.NewNode(), log.Printf)
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewUnstartedServer(derpserver.AddWebSocketSupport(relay, derpserver.Handler(relay)))
	server.Listener.Close()
	server.Listener = listener
	// DERP upgrades the connection, which HTTP/2 cannot.
	server.Config.TLSNextProto = make(map[string]func(*http.Server, *tls.Conn, http.Handler))
	server.StartTLS()
}

func serveStun(address string, port int) {
	server := stunserver.New(context.Background())
	if err := server.Listen(net.JoinHostPort(address, strconv.Itoa(port))); err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(server.Serve()) }()
}

func relayMap(address string, port, stunPort int) *tailcfg.DERPMap {
	return &tailcfg.DERPMap{Regions: map[int]*tailcfg.DERPRegion{1: {
		RegionID:   1,
		RegionCode: "test",
		Nodes: []*tailcfg.DERPNode{{
			Name: "1", RegionID: 1, HostName: address, IPv4: address, IPv6: "none",
			STUNPort: stunPort, DERPPort: port, InsecureForTests: true,
		}},
	}}}
}
