package vision

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// dialer makes connections that write a request's body in large parts.
func dialer(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wideConn{conn}, nil
	}
}

// wideConn takes what is copied to it through shared buffers of writeSize: the
// standard library would make one of 32 KB for each request. It does nothing for
// encrypted connections, which do the writing themselves.
type wideConn struct{ net.Conn }

// writeSize is in bytes.
const writeSize = 128 << 10

var writeBuffers = sync.Pool{New: func() any { return new([writeSize]byte) }}

// ReadFrom implements io.ReaderFrom.
func (c wideConn) ReadFrom(r io.Reader) (int64, error) {
	buffer := writeBuffers.Get().(*[writeSize]byte)
	defer writeBuffers.Put(buffer)
	// The writer's type hides this method, or it would be called again.
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, r, buffer[:])
}
