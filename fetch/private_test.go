package fetch

import (
	"net/netip"
	"strings"
	"testing"

	"vlocal/domain"
)

// The address is judged as the dialer has it, after the name was looked up.
func TestOnlyPublicAddressesAreConnectedTo(t *testing.T) {
	f := New(Options{})
	for address, public := range map[string]bool{
		"93.184.216.34:80":                      true,
		"100.63.255.255:443":                    true,
		"172.32.0.1:80":                         true,
		"[2606:2800:220:1:248:1893:25c8:1]:443": true,
		"[::ffff:93.184.216.34]:80":             true,
		"[64:ff9b::5db8:d822]:80":               true, // 93.184.216.34
		"[2002:5db8:d822::1]:80":                true,

		"127.0.0.1:80":                false,
		"127.9.9.9:80":                false,
		"[::1]:80":                    false,
		"0.0.0.0:80":                  false,
		"0.1.2.3:80":                  false,
		"[::]:80":                     false,
		"10.1.2.3:80":                 false,
		"172.16.0.1:80":               false,
		"172.31.255.255:80":           false,
		"192.168.1.1:80":              false,
		"[fd00::1]:80":                false,
		"169.254.169.254:80":          false, // what clouds tell their machines
		"[fd00:ec2::254]:80":          false,
		"168.63.129.16:80":            false,
		"100.64.0.1:80":               false,
		"100.127.255.255:80":          false,
		"[fe80::1]:80":                false,
		"[fe80::1%eth0]:80":           false,
		"[2606:2800::1%eth0]:80":      false,
		"[fec0::1]:80":                false,
		"224.0.0.1:80":                false,
		"[ff02::1]:80":                false,
		"255.255.255.255:80":          false,
		"240.0.0.1:80":                false,
		"192.0.0.8:80":                false,
		"192.0.2.1:80":                false,
		"198.18.0.1:80":               false,
		"198.51.100.1:80":             false,
		"203.0.113.1:80":              false,
		"[2001:db8::1]:80":            false,
		"[100::1]:80":                 false,
		"[::ffff:127.0.0.1]:80":       false,
		"[::ffff:169.254.169.254]:80": false,
		"[::127.0.0.1]:80":            false,
		"[64:ff9b::7f00:1]:80":        false, // 127.0.0.1
		"[64:ff9b::a9fe:a9fe]:80":     false, // 169.254.169.254
		"[64:ff9b:1::7f00:1]:80":      false,
		"[2002:7f00:1::1]:80":         false, // 127.0.0.1
		"[2002:a00:1::1]:80":          false, // 10.0.0.1
		"[2001:0:7f00:1::]:80":        false, // Teredo
		"/run/socket":                 false,
	} {
		err := f.control(t.Context(), "tcp", address, nil)
		if (err == nil) != public {
			t.Errorf("%s: %v, want public %v", address, err, public)
		}
		if err != nil && domain.KindOf(err) != domain.Unreadable {
			t.Errorf("%s: kind %q", address, domain.KindOf(err))
		}
	}
}

func TestRefusedAddressSaysHowToAllowIt(t *testing.T) {
	err := New(Options{}).control(t.Context(), "tcp", "192.168.1.1:80", nil)
	const want = "192.168.1.1 is an address of this machine, of a private network or of nobody (if that is meant: --allow-private-urls)"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func FuzzPrivate(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add([]byte{0x20, 2, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		plain := addr.Unmap()
		if private(addr) == nil && (!plain.IsGlobalUnicast() || plain.IsPrivate() || plain.IsLoopback() || strings.Contains(addr.String(), "%")) {
			t.Errorf("%s may be connected to", addr)
		}
	})
}
