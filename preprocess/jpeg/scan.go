package jpeg

import (
	"errors"
	"slices"
	"strings"
)

// What Report.Warnings can say, beside what is wrong with a later header.
const (
	cutShort     = "the file is cut short"
	damagedCodes = "the picture's data is damaged"
	lostRestart  = "a part of the picture's data is missing"
	leftOver     = "there is data left over between parts of the picture"
)

// slack is how many bytes may be left over behind a part: some encoders fill up.
const slack = 64

// part is a component's part in a scan.
type part struct {
	*plane
	dc, ac    *table
	h, v      int   // blocks in an MCU
	predicted int32 // the DC coefficient of the block before
}

// scan is what is new for each scan.
type scan struct {
	parts [4]part
	count int
	// The band of coefficients, and the bits of them that the scans before
	// this one and after it give (T.81, G.1.1.1).
	from, to  int
	high, low uint

	mcusX, mcusY int
	left         int  // MCUs up to the next restart marker
	restart      byte // the number of that
	zeroRun      int  // blocks without more in the band (EOBRUN)

	unsound bool // something is wrong since the last restart marker
	dead    bool // nothing can be read before the next one
	over    bool // nor is there one
}

// readScan reads a scan whose marker was passed.
func (d *decoder) readScan() error {
	body, ok := d.segment()
	if !ok {
		d.cut = true
		return malformed(cutShort)
	}
	d.scan = scan{left: d.interval}
	if err := d.readScanHeader(body); err != nil {
		return err
	}
	codes := d.at
	d.bits.start(d.data, codes)
	read := d.readSequential
	if d.progressive {
		read = d.readProgressive
	}
	if err := read(); err != nil {
		return err
	}
	if !d.over && !d.dead && d.bits.discard() > slack {
		if err := d.damaged(leftOver); err != nil {
			return err
		}
	}
	d.at = d.bits.at
	d.kept.keepScan(body, codes, d.at, d.progressive)
	return nil
}

// readScanHeader follows T.81, B.2.3.
func (d *decoder) readScanHeader(b []byte) error {
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) != 4+2*int(b[0]) {
		return malformed("a scan header is damaged")
	}
	s := &d.scan
	s.count = int(b[0])
	end := b[1+2*s.count:]
	s.from, s.to, s.high, s.low = int(end[0]), int(end[1]), uint(end[2]>>4), uint(end[2]&15)
	if !d.progressive {
		// Some encoders write nonsense here, and nobody looks.
		s.from, s.to, s.high, s.low = 0, 63, 0, 0
	}
	if s.to > 63 || s.from > s.to || s.low > 13 || s.high > 13 || s.high != 0 && s.low != s.high-1 ||
		d.progressive && s.from == 0 && s.to != 0 || s.from > 0 && s.count != 1 {
		return malformed("a scan header is damaged")
	}
	for i := range s.count {
		if err := d.enter(i, b[1+2*i], b[2+2*i]); err != nil {
			return err
		}
	}
	d.span()
	return nil
}

// enter makes the component of a name the scan's i-th part.
func (d *decoder) enter(i int, name, tables byte) error {
	c := slices.IndexFunc(d.components(), func(c component) bool { return c.name == name })
	if c < 0 {
		return malformed("a scan is of a component that is not in the frame")
	}
	p := &d.planes[c]
	if slices.ContainsFunc(d.parts[:i], func(o part) bool { return o.plane == p }) {
		return malformed("a scan has a component twice")
	}
	if !d.progressive && p.missing[0] != unseen {
		return malformed("a component is in two scans")
	}
	if p.missing[0] == unseen {
		t := d.quant[d.comps[c].table]
		if t == nil {
			return malformed("a quantization table is missing")
		}
		p.quantize(t)
	}
	of := &d.parts[i]
	*of = part{plane: p, h: d.comps[c].h, v: d.comps[c].v}
	var err error
	if d.from == 0 && d.high == 0 {
		of.dc, err = d.table(0, tables>>4, false)
	}
	if d.to > 0 && err == nil {
		of.ac, err = d.table(1, tables&15, !d.progressive && p.n < 8)
	}
	return err
}

// table gives a Huffman table ready for use.
func (d *decoder) table(class int, from byte, skip bool) (*table, error) {
	if from > 3 {
		return nil, malformed("a scan header is damaged")
	}
	c := d.dc[from]
	if class == 1 {
		c = d.ac[from]
	}
	if c == nil && from < 2 {
		c = standardCodes[class][from]
		d.kept.unusual = true
	}
	if c == nil {
		return nil, malformed("a Huffman table is missing")
	}
	t := &d.tables[class][from]
	if d.built[class][from] != c {
		d.built[class][from] = c
		t.build(c, class == 0)
		t.hasSkip = false
	}
	if skip && !t.hasSkip {
		t.buildSkip()
		t.hasSkip = true
	}
	return t, nil
}

// span counts the scan's MCUs (T.81, A.2): those of one component alone are its
// blocks, without padding.
func (d *decoder) span() {
	p := &d.parts[0]
	if d.count == 1 {
		p.h, p.v = 1, 1
		d.mcusX, d.mcusY = p.across, p.down
		return
	}
	d.mcusX, d.mcusY = p.padAcross/p.h, p.padDown/p.v
}

// damaged takes note that something is wrong from here to the next restart
// marker. It is an error unless that is to be borne.
func (d *decoder) damaged(what string) error {
	if !d.o.Tolerant {
		return malformed("%s", what)
	}
	d.unsound = true
	d.warn(what)
	return nil
}

func (d *decoder) warn(what string) {
	if !slices.Contains(d.warnings, what) && len(d.warnings) < 8 {
		d.warnings = append(d.warnings, what)
	}
}

func whatIsWrong(err error) string {
	text := err.Error()
	for _, kind := range []error{ErrMalformed, ErrUnsupported} {
		if errors.Is(err, kind) {
			text = strings.TrimPrefix(text, kind.Error()+": ")
		}
	}
	return text
}

// check has to be called after each block.
func (d *decoder) check(ok bool) error {
	over := d.bits.over()
	if ok && !over {
		return nil
	}
	d.dead = d.dead || over
	if d.unsound {
		return nil
	}
	if over && d.bits.at+1 >= len(d.data) {
		return d.damaged(cutShort)
	}
	return d.damaged(damagedCodes)
}

// nextMCU has to be called before each MCU.
func (d *decoder) nextMCU() error {
	if d.interval == 0 {
		return nil
	}
	if d.left == 0 {
		d.left = d.interval
		if err := d.toRestart(); err != nil {
			return err
		}
	}
	d.left--
	return nil
}

// toRestart goes behind the next restart marker, if that is the one that is due,
// and otherwise does as libjpeg does (jdmarker.c: jpeg_resync_to_restart).
func (d *decoder) toRestart() error {
	due := d.restart
	d.restart = (due + 1) & 7
	if d.over {
		return nil
	}
	late := d.bits.discard() > slack && !d.dead
	d.unsound, d.dead = false, false
	if late {
		// The part that ends here had more than was read of it.
		if err := d.damaged(leftOver); err != nil {
			return err
		}
		d.unsound = false
	}
	at := d.bits.at
	for {
		i, ok := findMarker(d.data, at)
		if !ok {
			d.over, d.dead = true, true
			d.bits.stop(len(d.data))
			return d.damaged(cutShort)
		}
		m := d.data[i+1]
		ahead := (m - mRST0 - due) & 7
		switch {
		case m < mSOF0: // no marker that can be here
			at = i + 2
		case m < mRST0 || m > mRST7:
			d.over, d.dead = true, true
			d.bits.stop(i)
			return d.damaged(lostRestart)
		case ahead == 1 || ahead == 2: // it is for later
			d.dead = true
			d.bits.stop(i)
			return d.damaged(lostRestart)
		case ahead == 6 || ahead == 7: // it was for earlier
			at = i + 2
		default:
			d.begin(i + 2)
			if ahead == 0 {
				return nil
			}
			// What comes is good, if perhaps not in its place.
			err := d.damaged(lostRestart)
			d.unsound = false
			return err
		}
	}
}

// begin begins to read behind a restart marker.
func (d *decoder) begin(at int) {
	d.bits.start(d.data, at)
	d.zeroRun = 0
	for i := range d.parts {
		d.parts[i].predicted = 0
	}
}

// readSequential reads a scan and draws its blocks (T.81, F.2).
func (d *decoder) readSequential() error {
	for i := range d.count {
		d.parts[i].missing = [64]int8{}
	}
	for y := range d.mcusY {
		for x := range d.mcusX {
			if err := d.nextMCU(); err != nil {
				return err
			}
			if err := d.readMCU(x, y); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *decoder) readMCU(x, y int) error {
	for i := range d.count {
		p := &d.parts[i]
		for v := range p.v {
			for h := range p.h {
				bx, by := x*p.h+h, y*p.v+v
				if d.dead {
					p.draw(bx, by, 0, false, nil)
					continue
				}
				dc, some, ok := d.bits.read(p, &d.block)
				p.draw(bx, by, dc, some, &d.block)
				if err := d.check(ok); err != nil {
					return err
				}
				if !d.unsound {
					d.sound++
				}
			}
		}
	}
	return nil
}
