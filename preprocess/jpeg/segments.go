package jpeg

import (
	"bytes"
	"encoding/binary"
)

// Markers (T.81, table B.1), without their 0xff.
const (
	mTEM  = 0x01
	mSOF0 = 0xc0 // baseline
	mSOF1 = 0xc1 // extended sequential
	mSOF2 = 0xc2 // progressive
	mSOF3 = 0xc3 // lossless
	mDHT  = 0xc4
	mJPG  = 0xc8
	mDAC  = 0xcc
	mSOF9 = 0xc9 // the first with arithmetic codes
	mSOFF = 0xcf
	mRST0 = 0xd0
	mRST7 = 0xd7
	mSOI  = 0xd8
	mEOI  = 0xd9
	mSOS  = 0xda
	mDQT  = 0xdb
	mDNL  = 0xdc
	mDRI  = 0xdd
	mDHP  = 0xde
	mAPP0 = 0xe0
	mAPPE = 0xee
	mLS   = 0xf7 // JPEG-LS
)

// component is one of the frame's.
type component struct {
	name  byte
	h, v  int
	table byte // which quantization table
}

// parser reads segments, and holds what they have said.
type parser struct {
	data []byte
	at   int // of the next segment
	cut  bool

	framed        bool
	progressive   bool
	width, height int
	n             int
	comps         [4]component

	jfif, adobe bool
	transform   byte // of the Adobe segment

	quant    [4]*[64]uint16 // in zigzag order
	dc, ac   [4]*codes
	interval int // MCUs between restart markers; 0 for none

	kept kept
}

func (p *parser) components() []component { return p.comps[:p.n] }

// toFirstScan leaves p.at behind the marker of the first scan.
func (p *parser) toFirstScan() error {
	if len(p.data) < 3 || p.data[0] != 0xff || p.data[1] != mSOI || p.data[2] != 0xff {
		return malformed("it does not begin like a JPEG")
	}
	p.at = 2
	marker, err := p.toScan()
	switch {
	case err != nil:
		return err
	case marker == mEOI:
		return malformed("there is no picture before its end")
	case !p.framed:
		return malformed("a scan comes before the frame header")
	}
	return nil
}

// toScan reads the segments up to a scan or the end, which it gives. The end
// of the data is an error, with p.cut set.
func (p *parser) toScan() (marker byte, err error) {
	for {
		m, ok := p.nextMarker()
		if !ok {
			p.cut = true
			return 0, malformed(cutShort)
		}
		switch {
		case m == mEOI || m == mSOS:
			return m, nil
		case m == mTEM || m == mSOI || m >= mRST0 && m <= mRST7:
			continue // they have no segment
		}
		body, ok := p.segment()
		if !ok {
			p.cut = true
			return 0, malformed("it is cut short in a header")
		}
		if err := p.read(m, body); err != nil {
			return 0, err
		}
		p.kept.keep(m, body, p.at)
	}
}

// nextMarker goes behind the next marker, over whatever lies before it.
func (p *parser) nextMarker() (byte, bool) {
	at, ok := findMarker(p.data, p.at)
	if !ok {
		p.at = len(p.data)
		return 0, false
	}
	p.at = at + 2
	return p.data[at+1], true
}

// findMarker gives where the next marker's last 0xff is, from at on.
func findMarker(data []byte, at int) (int, bool) {
	for at < len(data) {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 || at+i+1 >= len(data) {
			return 0, false
		}
		at += i
		switch data[at+1] {
		case 0xff:
			at++ // a fill byte
		case 0:
			at += 2 // stuffed: a byte of data
		default:
			return at, true
		}
	}
	return 0, false
}

// segment gives what lies behind the length of a segment, and passes it.
func (p *parser) segment() ([]byte, bool) {
	rest := p.data[p.at:]
	if len(rest) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 || n > len(rest) {
		return nil, false
	}
	p.at += n
	return rest[2:n], true
}

func (p *parser) read(marker byte, body []byte) error {
	switch marker {
	case mSOF0, mSOF1, mSOF2:
		return p.frame(body, marker == mSOF2)
	case mDHT:
		return p.huffman(body)
	case mDQT:
		return p.quantization(body)
	case mDRI:
		if len(body) < 2 {
			return malformed("its restart interval is cut short")
		}
		p.interval = int(binary.BigEndian.Uint16(body))
	case mAPP0:
		p.jfif = p.jfif || bytes.HasPrefix(body, []byte("JFIF\x00"))
	case mAPPE:
		if len(body) >= 12 && bytes.HasPrefix(body, []byte("Adobe")) {
			p.adobe, p.transform = true, body[11]
		}
	case mSOF3, mLS:
		return unsupported("lossless")
	case mDHP:
		return unsupported("hierarchical")
	case mDAC:
		return unsupported("arithmetic codes")
	}
	if marker > mSOF2 && marker <= mSOFF {
		if marker >= mSOF9 {
			return unsupported("arithmetic codes")
		}
		return unsupported("frame type %d", marker-mSOF0)
	}
	return nil // comments, applications' data, DNL
}

// frame reads a frame header (T.81, B.2.2).
func (p *parser) frame(b []byte, progressive bool) error {
	if p.framed {
		return malformed("it has two frame headers")
	}
	if len(b) < 6 {
		return malformed("its frame header is cut short")
	}
	if b[0] != 8 {
		return unsupported("%d bits a sample", b[0])
	}
	h, w, n := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:])), int(b[5])
	if w == 0 {
		return malformed("it is 0 pixels wide")
	}
	if h == 0 {
		return unsupported("the height comes after the picture (DNL)")
	}
	if n != 1 && n != 3 && n != 4 {
		return unsupported("%d components", n)
	}
	if len(b) != 6+3*n {
		return malformed("its frame header has %d bytes for %d components", len(b), n)
	}
	for i := range n {
		s := b[6+3*i:]
		c := component{name: s[0], h: int(s[1] >> 4), v: int(s[1] & 15), table: s[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.table > 3 {
			return malformed("component %d is sampled %d x %d, with quantization table %d", i, c.h, c.v, c.table)
		}
		if n == 1 {
			c.h, c.v = 1, 1 // alone, it is not interleaved (T.81, A.2.2)
		}
		p.comps[i] = c
	}
	p.framed, p.progressive, p.width, p.height, p.n = true, progressive, w, h, n
	return nil
}

// quantization reads the tables of a DQT segment (T.81, B.2.4.1).
func (p *parser) quantization(b []byte) error {
	for len(b) > 0 {
		wide, to := b[0]>>4, b[0]&15
		n := 64 * (1 + int(wide))
		if wide > 1 || to > 3 || len(b) < 1+n {
			return malformed("a quantization table is damaged")
		}
		t := new([64]uint16)
		for i := range t {
			if wide == 1 {
				t[i] = binary.BigEndian.Uint16(b[1+2*i:])
			} else {
				t[i] = uint16(b[1+i])
			}
		}
		p.quant[to] = t
		b = b[1+n:]
	}
	return nil
}

// huffman reads the tables of a DHT segment (T.81, B.2.4.2).
func (p *parser) huffman(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 {
			return malformed("a Huffman table is cut short")
		}
		class, to := b[0]>>4, b[0]&15
		c, n, ok := readCodes(b[1:])
		if class > 1 || to > 3 || !ok {
			return malformed("a Huffman table is damaged")
		}
		if class == 0 {
			p.dc[to] = c
		} else {
			p.ac[to] = c
		}
		b = b[1+n:]
	}
	return nil
}
