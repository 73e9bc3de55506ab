package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// smallDisk puts the database of a site on a disk of its own of some MB.
func smallDisk(t *testing.T, s *crashSite, options string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	disk := filepath.Join(s.dir, "disk")
	must(t, os.Mkdir(disk, 0o700))
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, options); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	must(t, os.Symlink(filepath.Join("disk", "vlocal.db"), s.path("vlocal.db")))
}

// fill writes into a file until there is no room left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not become full: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// The answers that are on their way when the disk becomes full are recorded, too.
func TestFullDiskStopsARunAndLosesNoAnswer(t *testing.T) {
	s := newCrashSite(t, 400, openLedger(t, 20*time.Millisecond, 0))
	smallDisk(t, s, "size=64m")
	// The file is made first: where a link leads to nothing, there is no database.
	must(t, os.WriteFile(s.path("disk/vlocal.db"), nil, 0o600))
	text, code := s.during(t, 20, func() { fill(t, s.path("disk/filler")) }, s.asks()...)
	s.stopped(t, text, code, "the disk with the database is full", "Make room there")
	if text, code := s.finish(t, s.asks()...); code != 1 {
		t.Errorf("with the disk still full a run ends with %d: %s", code, text)
	}
	must(t, os.Remove(s.path("disk/filler")))
	s.goesOn(t)
}

func TestReadOnlyFolderStopsARunBeforeItAsks(t *testing.T) {
	s := newCrashSite(t, 10, openLedger(t, 0, 0))
	smallDisk(t, s, "size=64m")
	must(t, os.WriteFile(s.path("disk/vlocal.db"), nil, 0o600))
	if text, code := s.finish(t, "scan", "photos"); code != 0 {
		t.Fatal(text)
	}
	disk := s.path("disk")
	must(t, syscall.Mount("tmpfs", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	text, code := s.finish(t, s.asks()...)
	s.stopped(t, text, code, s.path("vlocal.db"), "read-only file system", "Check who may read and write there")
	if n := s.ledger.total(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	must(t, syscall.Mount("tmpfs", disk, "", syscall.MS_REMOUNT, ""))
	s.goesOn(t)
}
