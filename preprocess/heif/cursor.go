package heif

// cursor reads numbers, most significant byte first. Beyond the end it gives
// zeros and is short.
type cursor struct {
	b     []byte
	short bool
}

// number reads one of n bytes, at most 8.
func (c *cursor) number(n int) uint64 {
	if n > len(c.b) {
		c.b, c.short = nil, true
		return 0
	}
	var v uint64
	for _, x := range c.b[:n] {
		v = v<<8 | uint64(x)
	}
	c.b = c.b[n:]
	return v
}

// full reads what a full box begins with.
func (c *cursor) full() (version byte, flags uint32) {
	v := uint32(c.number(4))
	return byte(v >> 24), v & 0xffffff
}
