package jpeg

// codes is a Huffman table as a DHT segment gives it.
type codes struct {
	count   [17]int // how many codes have 1 to 16 bits
	symbols [256]byte
}

// readCodes gives the table at the beginning of b, which has at least 16 bytes,
// and how many bytes it takes.
func readCodes(b []byte) (c *codes, n int, ok bool) {
	c = new(codes)
	total, next := 0, 0
	for l := 1; l <= 16; l++ {
		c.count[l] = int(b[l-1])
		total += c.count[l]
		// Codes are given out in order; those of one length must fit into it.
		if next = next<<1 + c.count[l]; next > 1<<l {
			return nil, 0, false
		}
	}
	if total > 256 || len(b) < 16+total {
		return nil, 0, false
	}
	copy(c.symbols[:], b[16:16+total])
	return c, 16 + total, true
}

const (
	// look is how many bits are looked up at once. More take the table out of
	// the processor's nearest cache; 10 hold most codes with their value.
	look = 10

	// An entry of table.fast has how many bits it takes in its lowest 6 bits.
	takes = 63
	// symbolOnly marks an entry for a code whose value does not fit into the
	// bits, or that has none; the symbol is in bits 8 to 15.
	symbolOnly = 64
	// Otherwise bits 8 to 11 are the run of zeros before the value, and bits 16
	// to 31 the value. 0 is no entry: the code is longer, or there is none.

	// An entry of table.skip has how many bits it takes in its lowest 4 bits,
	// and in the 8 above how many coefficients these stand for, and
	skipEnd = 1 << 15 // that the block ends there.
)

// table decodes one Huffman code.
type table struct {
	fast    [1 << look]int32
	skip    [1 << look]uint16
	largest [17]int32 // code of a length, or -1
	offset  [17]int32 // of a code's symbol in symbols
	symbols [256]byte
	hasSkip bool
}

// build fills t for the first (DC) or the other (AC) coefficients.
func (t *table) build(c *codes, dc bool) {
	t.fast = [1 << look]int32{}
	t.symbols = c.symbols
	code, at := int32(0), int32(0)
	for l := 1; l <= 16; l++ {
		t.offset[l] = at - code
		for range c.count[l] {
			if l <= look {
				t.enter(code, l, c.symbols[at], dc)
			}
			code++
			at++
		}
		t.largest[l] = code - 1
		if c.count[l] == 0 {
			t.largest[l] = -1
		}
		code <<= 1
	}
}

// enter fills the entries that begin with a code of l bits.
func (t *table) enter(code int32, l int, symbol byte, dc bool) {
	rest := look - l
	run, size := int32(symbol>>4), int(symbol&15)
	if dc {
		run = 0
	}
	for i := range int32(1) << rest {
		e := int32(l) | symbolOnly | int32(symbol)<<8
		switch {
		case size == 0 && (dc || run == 15):
			e = int32(l) | run<<8 // no difference; or 16 zeros
		case size > 0 && size <= rest:
			v := i >> (rest - size)
			if v < 1<<(size-1) {
				v += -1<<size + 1 // T.81, F.2.2.1: EXTEND
			}
			e = int32(l+size) | run<<8 | v<<16
		}
		t.fast[code<<rest|i] = e
	}
}

// buildSkip fills t.skip from t.fast: each entry stands for as many codes with
// their values as lie wholly within the bits.
func (t *table) buildSkip() {
	for bits := range int32(1 << look) {
		used, covered, end := int32(0), int32(0), int32(0)
		for {
			e := t.fast[bits<<used&(1<<look-1)]
			n := e & takes
			if e == 0 || used+n > look {
				break
			}
			if e&symbolOnly != 0 {
				if e>>8&15 == 0 { // the end of the block
					used, covered, end = used+n, covered+1, skipEnd
				}
				break
			}
			if covered+e>>8&15+1 > 64 {
				break
			}
			used, covered = used+n, covered+e>>8&15+1
		}
		t.skip[bits] = uint16(used | covered<<4 | end)
	}
}

// long finds a code of more than look bits at the top of acc. A code that is
// not in the table takes 17 bits, as in libjpeg, and is not ok.
func (t *table) long(acc uint64) (symbol byte, n uint, ok bool) {
	for n = look + 1; n <= 16; n++ {
		code := int32(acc >> (64 - n))
		if code <= t.largest[n] {
			return t.symbols[(code+t.offset[n])&255], n, true
		}
	}
	return 0, 17, false
}
