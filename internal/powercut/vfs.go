package powercut

import (
	"errors"
	"slices"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Between begins to stand between SQLite and the files in folder, for all databases
// that this process opens from now on until end is called; one disk at a time. The
// power goes at event cutAt (0: never by itself); the same seed makes the same
// disk.
//
// It is a VFS shim, https://www.sqlite.org/vfs.html#shims: SQLite's own VFS does
// the work, and its methods that write are told on.
func Between(folder string, cutAt int, seed uint64) (d *Disk, end func(), err error) {
	shim.mu.Lock()
	defer shim.mu.Unlock()
	if shim.disk != nil {
		return nil, nil, errors.New("there is a disk already")
	}
	if err := shim.install(); err != nil {
		return nil, nil, err
	}
	if shim.disk, err = newDisk(folder, cutAt, seed); err != nil {
		return nil, nil, err
	}
	return shim.disk, func() {
		shim.mu.Lock()
		defer shim.mu.Unlock()
		shim.disk = nil
	}, nil
}

// shim is the VFS, which stays once it is installed: connections may be open.
var shim vfs

type vfs struct {
	mu   sync.Mutex
	disk *Disk
	// below is SQLite's own VFS, methods those of its files.
	below   uintptr
	methods []methodTable
	paths   sync.Map // of open files, by their address
}

// methodTable is one of SQLite's tables of file methods and ours in its place.
type methodTable struct{ below, ours uintptr }

func (v *vfs) install() error {
	if v.below != 0 {
		return nil
	}
	tls := libc.NewTLS()
	defer tls.Close()
	below := lib.Xsqlite3_vfs_find(tls, 0)
	ours := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_vfs{})))
	if below == 0 || ours == 0 {
		return errors.New("SQLite has no file system")
	}
	*at[lib.Tsqlite3_vfs](ours) = *at[lib.Tsqlite3_vfs](below)
	at[lib.Tsqlite3_vfs](ours).FpNext = 0
	name, err := libc.CString("powercut")
	if err != nil {
		return err
	}
	at[lib.Tsqlite3_vfs](ours).FzName = name
	at[lib.Tsqlite3_vfs](ours).FxOpen = pointer(open)
	at[lib.Tsqlite3_vfs](ours).FxDelete = pointer(remove)
	if code := lib.Xsqlite3_vfs_register(tls, ours, 1); code != lib.SQLITE_OK {
		return errors.New("SQLite takes no other file system")
	}
	v.below = below
	return nil
}

// now gives the disk; nil when nobody wants one.
func (v *vfs) now() *Disk {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.disk
}

// tell has a disk see what happens to an open file.
func (v *vfs) tell(handle uintptr, happens func(*file)) {
	path, known := v.paths.Load(handle)
	if d := v.now(); d != nil && known {
		d.event(path.(string), happens)
	}
}

// table gives our methods in the place of SQLite's.
func (v *vfs) table(tls *libc.TLS, below uintptr) uintptr {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i := slices.IndexFunc(v.methods, func(m methodTable) bool { return m.below == below }); i >= 0 {
		return v.methods[i].ours
	}
	ours := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	*at[lib.Tsqlite3_io_methods](ours) = *at[lib.Tsqlite3_io_methods](below)
	at[lib.Tsqlite3_io_methods](ours).FxWrite = pointer(write)
	at[lib.Tsqlite3_io_methods](ours).FxTruncate = pointer(truncate)
	at[lib.Tsqlite3_io_methods](ours).FxSync = pointer(force)
	v.methods = append(v.methods, methodTable{below, ours})
	return ours
}

// of gives SQLite's own methods of an open file.
func (v *vfs) of(handle uintptr) *lib.Tsqlite3_io_methods {
	ours := at[lib.Tsqlite3_file](handle).FpMethods
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.methods, func(m methodTable) bool { return m.ours == ours })
	return at[lib.Tsqlite3_io_methods](v.methods[i].below)
}

func open(tls *libc.TLS, _, name, handle uintptr, flags int32, out uintptr) int32 {
	below := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](shim.below).FxOpen)
	code := below(tls, shim.below, name, handle, flags, out)
	if methods := at[lib.Tsqlite3_file](handle).FpMethods; code == lib.SQLITE_OK && methods != 0 {
		at[lib.Tsqlite3_file](handle).FpMethods = shim.table(tls, methods)
		shim.paths.Store(handle, libc.GoString(name))
	}
	return code
}

func remove(tls *libc.TLS, _, name uintptr, syncFolder int32) int32 {
	if d := shim.now(); d != nil {
		d.event(libc.GoString(name), func(f *file) { *f = file{} })
	}
	below := function[func(*libc.TLS, uintptr, uintptr, int32) int32](at[lib.Tsqlite3_vfs](shim.below).FxDelete)
	return below(tls, shim.below, name, syncFolder)
}

func write(tls *libc.TLS, handle, data uintptr, n int32, offset int64) int32 {
	bytes := slices.Clone(unsafe.Slice(at[byte](data), n))
	shim.tell(handle, func(f *file) { f.since = append(f.since, change{offset, bytes}) })
	return function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](shim.of(handle).FxWrite)(tls, handle, data, n, offset)
}

func truncate(tls *libc.TLS, handle uintptr, size int64) int32 {
	shim.tell(handle, func(f *file) { f.since = append(f.since, change{at: size}) })
	return function[func(*libc.TLS, uintptr, int64) int32](shim.of(handle).FxTruncate)(tls, handle, size)
}

func force(tls *libc.TLS, handle uintptr, flags int32) int32 {
	shim.tell(handle, (*file).sync)
	return function[func(*libc.TLS, uintptr, int32) int32](shim.of(handle).FxSync)(tls, handle, flags)
}

// at is what stands at an address of SQLite's, which is not memory of Go's.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function is the Go function that SQLite, translated, has a pointer to; pointer is
// the other way. That is how https://pkg.go.dev/modernc.org/ccgo/v4 writes them.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) }

func pointer[F any](f F) uintptr {
	kept.Store(&f, f) // SQLite holds it for good
	return *(*uintptr)(unsafe.Pointer(&f))
}

var kept sync.Map
