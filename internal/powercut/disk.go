// Package powercut is a disk that forgets at a power cut what was not yet forced to
// it. It stands between SQLite and the real files for tests of what is promised to
// be on disk.
//
// SQLite writes to real files all the while; beside them the disk keeps what each
// would hold after a cut: what was there at the last sync, and any part of what was
// written since, in any order, down to torn sectors. That is what SQLite itself
// takes for granted of hardware: https://www.sqlite.org/atomiccommit.html#_hardware_assumptions
package powercut

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// sector is what a disk writes at once or not at all, in bytes.
const sector = 512

// Disk remembers of the files below one folder what was forced to it.
type Disk struct {
	folder string
	random *rand.Rand

	mu    sync.Mutex
	files map[string]*file
	// events counts writes, syncs and the like; the power goes at the one called
	// cutAt, with what was promised by then.
	events, cutAt int
	promised      []any
	left          *Remains
}

// file is one file as the disk has it.
type file struct {
	// durable is what was there at the last sync, exists whether anything was.
	durable []byte
	exists  bool
	// since is what was written after that.
	since []change
}

// change is a write of data at an offset, or, without data, a new size.
type change struct {
	at   int64
	data []byte
}

// Remains is what is left after the cut.
type Remains struct {
	// Files are the contents by name; Promised is what Promise was told before.
	Files    map[string][]byte
	Promised []any
}

// newDisk makes a disk of what is in a folder, whose power goes at event cutAt.
func newDisk(folder string, cutAt int, seed uint64) (*Disk, error) {
	d := &Disk{folder: folder, random: rand.New(rand.NewPCG(seed, 1)), files: map[string]*file{}, cutAt: cutAt}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		d.files[e.Name()] = &file{durable: data, exists: true}
	}
	return d, nil
}

// Promise says that the program has told somebody that what is on disk: it must be
// there after any later cut.
func (d *Disk) Promise(what any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.promised = append(d.promised, what)
}

// Left gives what is left after the cut; before it, after a cut right now.
func (d *Disk) Left() Remains {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == nil {
		d.cut()
	}
	return *d.left
}

// Events says how many writes and syncs there were.
func (d *Disk) Events() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events
}

// WriteTo makes the files in another folder.
func (r Remains) WriteTo(folder string) error {
	for name, data := range r.Files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// event has something happen to a file; the power may go before it.
func (d *Disk) event(path string, happens func(*file)) {
	if filepath.Dir(path) != d.folder {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	name := filepath.Base(path)
	if d.files[name] == nil {
		d.files[name] = &file{}
	}
	d.events++
	if d.events == d.cutAt {
		d.cut()
	}
	happens(d.files[name])
}

// cut takes the power away.
func (d *Disk) cut() {
	d.left = &Remains{Files: map[string][]byte{}, Promised: append([]any(nil), d.promised...)}
	for name, f := range d.files {
		if data, there := f.afterCut(d.random); there {
			d.left.Files[name] = data
		}
	}
}

// afterCut gives what a file holds after a cut: each change since the last sync
// has come to the disk or has not, whole or in part.
func (f *file) afterCut(random *rand.Rand) (data []byte, there bool) {
	data = append([]byte(nil), f.durable...)
	there = f.exists
	share := random.Float64()
	for _, c := range f.since {
		if random.Float64() >= share {
			continue
		}
		there = true
		if c.data == nil {
			data = resized(data, c.at)
			continue
		}
		for from := 0; from < len(c.data); from += sector {
			if random.IntN(8) > 0 { // a torn write lacks some of its sectors
				part := c.data[from:min(from+sector, len(c.data))]
				data = written(data, c.at+int64(from), part)
			}
		}
	}
	return data, there
}

// sync forces all that was written to the disk.
func (f *file) sync() {
	for _, c := range f.since {
		if c.data == nil {
			f.durable = resized(f.durable, c.at)
		} else {
			f.durable = written(f.durable, c.at, c.data)
		}
	}
	f.since, f.exists = nil, true
}

func written(data []byte, at int64, part []byte) []byte {
	if end := at + int64(len(part)); end > int64(len(data)) {
		data = resized(data, end)
	}
	copy(data[at:], part)
	return data
}

func resized(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size:size]
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}
