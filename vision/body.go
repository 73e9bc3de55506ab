package vision

import (
	"encoding/base64"
	"io"
)

// body is a request's body: JSON, with a picture in base64 in the middle of it.
// It is encoded as it is read, so that the whole is never held.
type body struct {
	head, picture, tail []byte
	// part has what was encoded and not read yet.
	part   []byte
	letter [4]byte
}

// newBody splits the frame at the place for the picture.
func newBody(frame []byte, place int, picture []byte) *body {
	return &body{head: frame[:place], picture: picture, tail: frame[place:]}
}

// bodyLen is how long a body is, in bytes.
func bodyLen(frame, picture []byte) int64 {
	return int64(len(frame) + base64.StdEncoding.EncodedLen(len(picture)))
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (n int, err error) {
	n = take(p, &b.head)
	n += b.encoded(p[n:])
	if len(b.picture) == 0 && len(b.part) == 0 {
		n += take(p[n:], &b.tail)
		if len(b.tail) == 0 {
			err = io.EOF
		}
	}
	return n, err
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
