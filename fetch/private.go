package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"vlocal/domain"
)

// control looks at the address that is about to be connected to. At this point
// the name is resolved, so neither a redirect nor a name that means something
// else the next time gets past it.
func (f *Fetcher) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return final("", fmt.Errorf("not an address to connect to: %w", err))
	}
	if err := f.check(at.Addr()); err != nil {
		return &domain.Error{Kind: domain.Unreadable, Err: err, Hint: "if that is meant: --allow-private-urls"}
	}
	return nil
}

// Ranges that hold nothing for everybody, besides those that package netip
// knows.
//
// Source: the IANA registries of special-purpose addresses,
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry (RFC 6890).
var special = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // between a provider and its customers (RFC 6598)
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays, deprecated
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"240.0.0.0/4",     // reserved, and the broadcast address
	// The platform that an Azure machine runs on, reached from inside only:
	// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
	"168.63.129.16/32",

	"2001::/23",     // protocol assignments; Teredo, which holds an IPv4 address
	"2001:db8::/32", // documentation
	"3fff::/20",     // documentation
)

var (
	// Of IPv6, everybody's addresses are those in here (RFC 4291, 2.4) ...
	global6 = netip.MustParsePrefix("2000::/3")
	// ... and IPv4 addresses behind a translator (RFC 6052, 2.1). The last four
	// bytes are the IPv4 address.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	// IPv4 addresses in 6to4 (RFC 3056, 2). Bytes 2 to 5 are the IPv4 address.
	sixToFour = netip.MustParsePrefix("2002::/16")
)

func prefixes(all ...string) (parsed []netip.Prefix) {
	for _, p := range all {
		parsed = append(parsed, netip.MustParsePrefix(p))
	}
	return parsed
}

// errPrivate ends a sentence about an address at which not everybody finds the
// same.
var errPrivate = errors.New("is an address of this machine, of a private network or of nobody")

// private says why nothing is fetched from an address; nil where it is a place on
// the public Internet.
func private(addr netip.Addr) error {
	addr = addr.Unmap() // ::ffff:127.0.0.1 leads to 127.0.0.1
	refused := fmt.Errorf("%s %w", addr, errPrivate)
	if addr.Is6() {
		b := addr.As16()
		switch {
		case addr.Zone() != "":
			return refused
		case nat64.Contains(addr):
			return private(netip.AddrFrom4([4]byte(b[12:16])))
		case sixToFour.Contains(addr):
			return private(netip.AddrFrom4([4]byte(b[2:6])))
		case !global6.Contains(addr):
			return refused
		}
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return refused
	}
	for _, p := range special {
		if p.Contains(addr) {
			return refused
		}
	}
	return nil
}
