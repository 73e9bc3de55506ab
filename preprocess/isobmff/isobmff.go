// Package isobmff takes apart the boxes of ISO base media files, on which HEIF, AVIF
// and Canon's CR3 are built. It bounds nothing but itself: a box never ends behind
// the bytes that there are.
package isobmff

import (
	"encoding/binary"
	"iter"
)

// Boxes yields kind and content of the boxes that b consists of, as far as they are there: the last
// one may be cut short. Source: ISO/IEC 14496-12, 4.2.
func Boxes(b []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(b) >= 8 {
			size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
			kind := string(b[4:8])
			switch {
			case size == 0: // to the end
				size = uint64(len(b))
			case size == 1 && len(b) >= 16:
				size, head = binary.BigEndian.Uint64(b[8:]), 16
			}
			if size < head {
				return
			}
			end := min(size, uint64(len(b)))
			if !yield(kind, b[head:end]) {
				return
			}
			b = b[end:]
		}
	}
}

// Child gives the first box of a kind.
func Child(b []byte, kind string) ([]byte, bool) {
	for k, body := range Boxes(b) {
		if k == kind {
			return body, true
		}
	}
	return nil, false
}
