package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"
)

// On a server without a desktop a run looks for a keychain, and finds none; it
// must not leave a bus running for that.
func TestNoBusIsStartedForTheKeychain(t *testing.T) {
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	script := "#!/bin/sh\n: > '" + started + "'\necho DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere\n"
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	keychain()
	if conn, err := dbus.SessionBusPrivate(); err == nil {
		conn.Close() // this machine has one
	}
	if _, err := os.Stat(started); err == nil {
		t.Error("a bus was started")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/mine")
	keychain()
	if got := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); got != "unix:path=/mine" {
		t.Error(got)
	}
}
