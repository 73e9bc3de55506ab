package jpeg

// Report says what was wrong with a picture that was decoded all the same.
type Report struct {
	// Warnings are for people, one for each kind of damage. None means that
	// the picture is whole.
	Warnings []string
	// Sound is the share of the picture, 0 to 1, that was decoded before
	// anything was found to be wrong, or after a restart marker behind it. The
	// picture may look wrong earlier than that: damage shows itself a while
	// after it. Of a progressive picture it is the share that was seen at all,
	// perhaps without its details.
	Sound float64
}

// decoder holds what decoding takes beside planes.
type decoder struct {
	state
	tables [2][4]table // for DC and for the other coefficients
	bits   bitReader
	block  block
}

// state is what is new for each picture.
type state struct {
	parser
	o      Options
	planes [4]plane
	built  [2][4]*codes // what the tables stand for

	allCoefs []int16
	allSome  []uint64

	scan
	scans    int
	work     int64 // see progressive.go
	blocks   int64 // in all planes
	sound    int64 // of them
	warnings []string
}

// Decode decodes at the scale that o asks for. The error is ErrMalformed or
// ErrUnsupported. With o.Tolerant there is a picture unless nothing at all could
// be decoded, and the report says what is wrong with it. What could not be
// decoded is grey, and of a progressive picture without its details.
//
// Its time is bounded by the size of the picture and of the file. It does not
// change data; the picture refers to it until it is released.
func Decode(data []byte, o Options) (*Picture, Report, error) {
	d := decoderPool.Get().(*decoder)
	defer d.putBack()
	d.state = state{o: o, parser: parser{data: data}}
	if err := d.toFirstScan(); err != nil {
		return nil, Report{}, err
	}
	h := d.header()
	samples := d.allocate(h)
	err := d.readScans()
	if err == nil && d.sound == 0 {
		err = malformed("nothing of the picture is there")
	}
	if err != nil {
		back(&samplePool, samples)
		return nil, Report{}, err
	}
	for i := range d.n {
		d.finish(&d.planes[i])
	}
	return d.picture(h, samples), d.report(), nil
}

// putBack keeps the tables' and the window's memory, and nothing of the picture.
func (d *decoder) putBack() {
	back(&coefPool, d.allCoefs)
	back(&maskPool, d.allSome)
	d.state = state{}
	d.bits.src = nil
	d.block = block{}
	decoderPool.Put(d)
}

// allocate lays the planes out in one buffer, which it gives.
func (d *decoder) allocate(h Header) []byte {
	var sum, coefs, blocks int64
	all := layouts(h, d.o)
	for _, l := range all {
		sum += l.bytes()
		coefs += l.coefficients()
		blocks += l.blocks()
	}
	d.blocks = blocks
	samples := from[byte](&samplePool, sum)
	rest := samples
	for i, l := range all {
		p := &d.planes[i]
		p.layout, p.scale, p.stride = l, scales[l.n], l.padAcross*l.n
		p.pix, rest = rest[:l.bytes():l.bytes()], rest[l.bytes():]
		for k := range p.missing {
			p.missing[k] = unseen
		}
	}
	if h.Progressive {
		d.allocateCoefficients(coefs, blocks)
	}
	return samples
}

func (d *decoder) allocateCoefficients(coefs, blocks int64) {
	d.allCoefs, d.allSome = from[int16](&coefPool, coefs), from[uint64](&maskPool, blocks)
	clear(d.allCoefs)
	clear(d.allSome)
	restCoefs, restSome := d.allCoefs, d.allSome
	for i := range d.n {
		p := &d.planes[i]
		p.coefs, restCoefs = restCoefs[:p.coefficients()], restCoefs[p.coefficients():]
		p.some, restSome = restSome[:p.blocks()], restSome[p.blocks():]
	}
}

// maxScans is more than any encoder makes: it bounds what a crafted file costs.
const maxScans = 1000

// readScans goes on until all that is needed was read.
func (d *decoder) readScans() error {
	for {
		err := d.readScan()
		if d.scans++; err == nil && d.scans >= maxScans {
			err = malformed("it has more than %d scans", maxScans)
		}
		if err == nil {
			if d.complete() {
				return nil
			}
			var marker byte
			marker, err = d.toScan()
			if err == nil && marker == mEOI {
				err = d.atEnd()
				if err == nil {
					return nil
				}
			}
		}
		if err != nil {
			if d.o.Tolerant && d.sound > 0 {
				d.warn(whatIsWrong(err))
				return nil
			}
			return err
		}
	}
}

// complete says whether every coefficient that is needed is known in full.
func (d *decoder) complete() bool {
	for i := range d.n {
		p := &d.planes[i]
		for k, place := range p.scale.place {
			if place >= 0 && p.missing[k] != 0 {
				return false
			}
		}
	}
	return true
}

// atEnd judges a picture that ends with less. A progressive one may leave out
// details, but each component has to be there.
func (d *decoder) atEnd() error {
	for i := range d.n {
		if d.planes[i].missing[0] == unseen {
			return malformed("a colour component is missing")
		}
	}
	return nil
}

// finish makes the samples of a plane that were not made while it was read.
func (d *decoder) finish(p *plane) {
	switch {
	case p.missing[0] == unseen:
		for i := range p.pix {
			p.pix[i] = 128
		}
	case d.progressive:
		d.reconstruct(p)
	}
}

func (d *decoder) report() Report {
	var all int64
	for i := range d.n {
		p := &d.planes[i]
		all += int64(p.across) * int64(p.down)
	}
	r := Report{Warnings: d.warnings, Sound: 1}
	if len(d.warnings) > 0 {
		r.Sound = min(float64(d.sound)/float64(all), 1)
	}
	return r
}
