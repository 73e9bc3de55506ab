//go:build unix

package config

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

// ownedBy is a file of 0600 that belongs to a user.
type ownedBy struct {
	fs.FileInfo
	uid uint32
}

func (ownedBy) Mode() fs.FileMode { return 0o600 }
func (o ownedBy) Sys() any        { return &syscall.Stat_t{Uid: o.uid} }

func TestFileOfAnotherUserIsRefused(t *testing.T) {
	me := uint32(os.Geteuid())
	for _, uid := range []uint32{0, me} {
		if fault := untrusted("f", ownedBy{uid: uid}); fault != "" {
			t.Errorf("of user %d: %s", uid, fault)
		}
	}
	if fault := untrusted("f", ownedBy{uid: me + 1}); !strings.Contains(fault, "belongs to another user") {
		t.Errorf("of another user: %q", fault)
	}
}
