package heif

import (
	"errors"
	"fmt"

	"vlocal/preprocess/isobmff"
)

// maxItems bounds the items of a file, and the parts of an item. A phone's picture
// has about 50; the largest grid has 65,536.
const maxItems = 70_000

// item is a picture, a part of one, or what is told about one.
type item struct {
	id    uint32
	kind  string
	props []int // places in container.props, from 0
	parts []part
	inner bool     // the parts lie in the idat box
	of    []uint32 // what it is derived from
}

// part is a stretch of the file, or of the idat box. A size of 0 means all the rest.
type part struct{ at, size uint64 }

type property struct {
	kind string
	body []byte
}

// container is what the meta box tells. Source: ISO/IEC 14496-12, 8.11 and
// ISO/IEC 23008-12, 9.
type container struct {
	data    []byte // the file
	idat    []byte
	primary uint32
	items   map[uint32]*item
	props   []property
}

func parse(data []byte) (*container, error) {
	meta, ok := isobmff.Child(data, "meta")
	if !ok || len(meta) < 4 {
		if _, film := isobmff.Child(data, "moov"); film {
			return nil, fmt.Errorf("%w: it is a sequence of pictures without a still one", ErrUnsupported)
		}
		return nil, errors.New("no meta box")
	}
	c := &container{data: data, items: map[uint32]*item{}}
	for kind, body := range isobmff.Boxes(meta[4:]) {
		r := &cursor{b: body}
		switch kind {
		case "pitm":
			version, _ := r.full()
			c.primary = id(r, version >= 1)
		case "iinf":
			c.readInfo(r)
		case "iloc":
			c.readPlaces(r)
		case "iref":
			c.readReferences(r)
		case "idat":
			c.idat = body
		case "iprp":
			c.readProperties(body)
		}
		if r.short {
			return nil, fmt.Errorf("the %s box is cut short", kind)
		}
		if len(c.items) > maxItems || len(c.props) > maxItems {
			return nil, errors.New("too many items")
		}
	}
	return c, nil
}

// id reads an item's number, which is large in later versions of a box.
func id(r *cursor, large bool) uint32 {
	if large {
		return uint32(r.number(4))
	}
	return uint32(r.number(2))
}

// item gives the one with a number, which the boxes name in any order.
func (c *container) item(id uint32) *item {
	it, ok := c.items[id]
	if !ok {
		it = &item{id: id}
		if len(c.items) <= maxItems {
			c.items[id] = it
		}
	}
	return it
}

func (c *container) readInfo(r *cursor) {
	if version, _ := r.full(); version == 0 {
		r.number(2)
	} else {
		r.number(4)
	}
	for kind, body := range isobmff.Boxes(r.b) {
		e := &cursor{b: body}
		version, _ := e.full()
		if kind != "infe" || version < 2 {
			continue
		}
		n := id(e, version >= 3)
		e.number(2) // protection
		if len(e.b) >= 4 {
			c.item(n).kind = string(e.b[:4])
		}
	}
}

func (c *container) readPlaces(r *cursor) {
	version, _ := r.full()
	sizes := r.number(2)
	offsetSize, lengthSize := int(sizes>>12), int(sizes>>8&15)
	baseSize, indexSize := int(sizes>>4&15), int(sizes&15)
	if max(offsetSize, lengthSize, baseSize, indexSize) > 8 {
		r.short = true
		return
	}
	if version == 0 {
		indexSize = 0
	}
	count := id(r, version >= 2)
	for range count {
		it := c.item(id(r, version >= 2))
		if version >= 1 {
			it.inner = r.number(2)&15 == 1
		}
		r.number(2) // whose data
		base := r.number(baseSize)
		for range r.number(2) {
			if r.short || len(it.parts) > maxItems {
				return
			}
			r.number(indexSize)
			at := base + r.number(offsetSize)
			it.parts = append(it.parts, part{at, r.number(lengthSize)})
		}
		if r.short {
			return
		}
	}
}

func (c *container) readReferences(r *cursor) {
	version, _ := r.full()
	for kind, body := range isobmff.Boxes(r.b) {
		if kind != "dimg" {
			continue
		}
		e := &cursor{b: body}
		it := c.item(id(e, version >= 1))
		for range e.number(2) {
			if e.short {
				return
			}
			it.of = append(it.of, id(e, version >= 1))
		}
	}
}

func (c *container) readProperties(body []byte) {
	if all, ok := isobmff.Child(body, "ipco"); ok {
		for kind, b := range isobmff.Boxes(all) {
			c.props = append(c.props, property{kind, b})
		}
	}
	for kind, b := range isobmff.Boxes(body) {
		if kind != "ipma" {
			continue
		}
		r := &cursor{b: b}
		version, flags := r.full()
		for range r.number(4) {
			it := c.item(id(r, version >= 1))
			for range r.number(1) {
				n := 0
				if flags&1 != 0 {
					n = int(r.number(2) & 0x7fff)
				} else {
					n = int(r.number(1) & 0x7f)
				}
				it.props = append(it.props, n-1)
			}
			if r.short {
				return
			}
		}
	}
}

// properties gives those of an item in their order.
func (c *container) properties(it *item) []property {
	var out []property
	for _, n := range it.props {
		if n >= 0 && n < len(c.props) {
			out = append(out, c.props[n])
		}
	}
	return out
}

// property gives the item's first one of a kind, nil if it has none.
func (c *container) property(it *item, kind string) []byte {
	for _, p := range c.properties(it) {
		if p.kind == kind {
			return p.body
		}
	}
	return nil
}

// content gives an item's bytes.
func (c *container) content(it *item) ([]byte, error) {
	from := c.data
	if it.inner {
		from = c.idat
	}
	var out []byte
	for _, p := range it.parts {
		if p.at > uint64(len(from)) {
			return nil, errCut
		}
		if p.size == 0 {
			p.size = uint64(len(from)) - p.at
		}
		if p.size > uint64(len(from))-p.at || uint64(len(out))+p.size > uint64(len(c.data)) {
			return nil, errCut
		}
		b := from[p.at : p.at+p.size]
		if len(it.parts) == 1 {
			return b, nil
		}
		out = append(out, b...)
	}
	if len(out) == 0 {
		return nil, errCut
	}
	return out, nil
}

var errCut = errors.New("a part of the picture lies beyond the end of the file")
