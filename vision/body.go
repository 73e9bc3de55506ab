package vision

import (
	"encoding/base64"
	"io"
)

// place is where in a frame a picture stands.
type place struct {
	at      int // the length of the frame in front of it
	picture []byte
}

// body is a request's body: JSON, the frame, with pictures in base64 in their
// places in it. It is encoded as it is read, so that the whole is never held.
type body struct {
	frame  []byte
	at     int     // how much of the frame was read
	places []place // those to come
	// picture is what is left of the one that is read now.
	picture []byte
	// part has what was encoded and not read yet.
	part   []byte
	letter [4]byte
}

// newBody makes a body. The places are in the order in which they stand.
func newBody(frame []byte, places []place) *body { return &body{frame: frame, places: places} }

// bodyLen is how long a body is, in bytes.
func bodyLen(frame []byte, places []place) int64 {
	n := len(frame)
	for _, p := range places {
		n += base64.StdEncoding.EncodedLen(len(p.picture))
	}
	return int64(n)
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (n int, err error) {
	for {
		n += b.encoded(p[n:])
		if len(b.picture) > 0 || len(b.part) > 0 {
			return n, nil
		}
		upto := len(b.frame)
		if len(b.places) > 0 {
			upto = b.places[0].at
		}
		copied := copy(p[n:], b.frame[b.at:upto])
		n += copied
		b.at += copied
		switch {
		case b.at < upto:
			return n, nil
		case len(b.places) == 0:
			return n, io.EOF
		}
		b.picture, b.places = b.places[0].picture, b.places[1:]
	}
}

// encoded fills p with as much of the picture as fits.
func (b *body) encoded(p []byte) int {
	n := take(p, &b.part)
	p = p[n:]
	// All but a rest is encoded in threes, which gives no padding.
	if whole := min(len(b.picture), len(p)/4*3); whole > 0 {
		if whole < len(b.picture) {
			whole -= whole % 3
		}
		encodeBase64(p, b.picture[:whole])
		b.picture = b.picture[whole:]
		length := base64.StdEncoding.EncodedLen(whole)
		n += length
		p = p[length:]
	}
	if len(p) > 0 && len(b.picture) > 0 { // less room than four letters take
		three := b.picture[:min(3, len(b.picture))]
		base64.StdEncoding.Encode(b.letter[:], three)
		b.picture, b.part = b.picture[len(three):], b.letter[:]
		n += take(p, &b.part)
	}
	return n
}

// take moves what fits from the front of src to dst.
func take(dst []byte, src *[]byte) int {
	n := copy(dst, *src)
	*src = (*src)[n:]
	return n
}
