package loadserver

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// alarms keeps timer descriptors for reuse. A goroutine that reads one is woken
// by the kernel's high-resolution timer, some 50 microseconds late, and holds no
// thread meanwhile.
//
// Source: timerfd_create(2).
type alarms struct{ pool sync.Pool }

// sleep waits for d, which is positive.
func (a *alarms) sleep(d time.Duration) {
	file, ok := a.pool.Get().(*os.File)
	if !ok {
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
		if err != nil {
			time.Sleep(d) // out of descriptors: late is better than never
			return
		}
		file = os.NewFile(uintptr(fd), "timerfd")
	}
	// A file that falls out of the pool is closed by its finalizer.
	if !ring(file, d) {
		time.Sleep(d)
	}
	a.pool.Put(file)
}

// ring sets the timer and waits for it.
func ring(file *os.File, d time.Duration) bool {
	raw, err := file.SyscallConn()
	if err != nil {
		return false
	}
	value := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	var setErr error
	err = raw.Control(func(fd uintptr) { setErr = unix.TimerfdSettime(int(fd), 0, &value, nil) })
	if err != nil || setErr != nil {
		return false
	}
	var expirations [8]byte
	_, err = file.Read(expirations[:])
	return err == nil
}
