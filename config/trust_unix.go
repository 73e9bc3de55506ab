//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// untrusted says why a file may not decide where pictures and keys go, and what
// to do; "" if it may. It asks what OpenSSH asks of its config file (ssh_config(5),
// FILES): owned by the person or root, and not writable by others.
func untrusted(path string, st fs.FileInfo) string {
	if st.Mode().Perm()&0o022 != 0 {
		return fmt.Sprintf("other users can write to this file, and it decides where pictures and keys go. "+
			"If what it says is yours: chmod go-w %q", path)
	}
	owner, ok := st.Sys().(*syscall.Stat_t)
	if ok && owner.Uid != 0 && int(owner.Uid) != os.Geteuid() {
		return "this file belongs to another user, and it decides where pictures and keys go. " +
			"If what it says is right, make a copy of your own"
	}
	return ""
}
