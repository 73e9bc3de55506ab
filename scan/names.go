package scan

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"unicode/utf8"

	"vlocal/domain"
)

// kind is what a name in a folder stands for.
type kind byte

const (
	file   kind = iota // a regular file
	link               // a link, to a regular file once it was looked at
	folder             // a folder, or a link to one that is to be walked
	other              // a pipe, a socket, a device
)

// names is what is to be walked in one folder. It is made for a million names in
// one folder: they stand back to back in blocks, at the cost of seven bytes each,
// and nothing in it is a pointer for the garbage collector to follow.
type names struct {
	// prefix is the folder's path with the separator at its end.
	prefix string
	// blocks hold, for each name, a byte for its kind and whether it is UTF-8,
	// two for its length, and the name itself.
	blocks [][]byte
	// order has the places of the names: the block in the upper 16 bits, the
	// offset in it in the lower.
	order []uint32
	// next is the first in order that was not taken yet.
	next int
}

const (
	blockLen   = 1 << 16
	notUTF8    = 0x80
	nameHeader = 3
)

// errTooMany is about some hundred million names.
var errTooMany = errors.New("more than 4 GB of names in one folder")

func namesIn(path string) *names {
	if !os.IsPathSeparator(path[len(path)-1]) {
		path += string(os.PathSeparator)
	}
	return &names{prefix: path}
}

// entry is one of the names. It points into the block that holds it.
type entry struct {
	kind kind
	raw  bool // not UTF-8
	name []byte
}

func (n *names) add(name string, k kind) error {
	need := nameHeader + len(name)
	last := len(n.blocks) - 1
	switch {
	case last < 0:
		n.blocks, last = append(n.blocks, nil), 0 // most folders are small
	case len(n.blocks[last])+need > blockLen:
		n.blocks, last = append(n.blocks, make([]byte, 0, blockLen)), last+1
	}
	if last >= 1<<16 || len(name) > 1<<16-1 {
		return errTooMany
	}
	block := n.blocks[last]
	n.order = append(n.order, uint32(last)<<16|uint32(len(block)))
	flags := byte(k)
	if !utf8.ValidString(name) {
		flags |= notUTF8
	}
	block = append(block, flags)
	block = binary.LittleEndian.AppendUint16(block, uint16(len(name)))
	n.blocks[last] = append(block, name...)
	return nil
}

func (n *names) entry(place uint32) entry {
	b := n.blocks[place>>16][place&0xffff:]
	size := int(binary.LittleEndian.Uint16(b[1:]))
	return entry{kind: kind(b[0] &^ notUTF8), raw: b[0]&notUTF8 != 0, name: b[nameHeader : nameHeader+size]}
}

func (n *names) setKind(place uint32, k kind) {
	b := n.blocks[place>>16][place&0xffff:]
	b[0] = b[0]&notUTF8 | byte(k)
}

func (n *names) path(e entry) string { return n.prefix + string(e.name) }

// more reports whether a name is left to take; head gives it.
func (n *names) more() bool  { return n.next < len(n.order) }
func (n *names) head() entry { return n.entry(n.order[n.next]) }

// sort puts the names in the order of the paths at and below them.
func (n *names) sort() {
	slices.SortFunc(n.order, func(x, y uint32) int {
		a, b := n.entry(x), n.entry(y)
		return cmp.Or(a.compare(b), bytes.Compare(a.name, b.name))
	})
}

// text is the name as domain.PathText gives it.
func (e entry) text() []byte {
	if e.raw {
		return []byte(domain.PathText(string(e.name)))
	}
	return e.name
}

// compare orders entries by the text of the paths at and below them: what stands
// in a folder begins with the folder's name and a separator, which is not the
// least of bytes.
func (e entry) compare(f entry) int {
	a, b := e.text(), f.text()
	n := min(len(a), len(b))
	return cmp.Or(bytes.Compare(a[:n], b[:n]), cmp.Compare(e.byteAt(a, n), f.byteAt(b, n)))
}

// byteAt gives the byte at n in the paths that begin with text, the text of e's
// name; -1 where they end.
func (e entry) byteAt(text []byte, n int) int {
	switch {
	case n < len(text):
		return int(text[n])
	case e.kind == folder:
		return os.PathSeparator
	}
	return -1
}

// besides reports whether both are folders with the same text, so that what is
// below one has its place among what is below the other.
func (e entry) besides(f entry) bool {
	return e.kind == folder && f.kind == folder && bytes.Equal(e.text(), f.text())
}
