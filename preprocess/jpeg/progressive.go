package jpeg

import "math/bits"

// unseen is what plane.missing has of a coefficient that no scan gave yet;
// otherwise it is how many of its lower bits are still to come.
const unseen = 127

// maxVisits bounds how often each block may be looked at on the average, beside
// what the file's bits pay for: a few bytes can make a scan look at every block
// of the picture. Encoders make some ten scans.
const maxVisits = 64

// readProgressive reads a scan into the coefficients (T.81, G.2).
func (d *decoder) readProgressive() error {
	if d.from > 0 && d.parts[0].scale.last == 0 {
		d.bits.discard() // nobody needs more than the DC coefficients
		return nil
	}
	for i := range d.count {
		p := &d.parts[i]
		for k := d.from; k <= d.to; k++ {
			p.missing[k] = int8(d.low)
		}
	}
	if d.from == 0 {
		return d.readDC()
	}
	return d.readBand()
}

// readDC reads the DC coefficients, or a bit more of them.
func (d *decoder) readDC() error {
	for y := range d.mcusY {
		for x := range d.mcusX {
			if err := d.nextMCU(); err != nil || d.over {
				return err
			}
			if d.dead {
				continue
			}
			if err := d.readMCUDC(x, y); err != nil {
				return err
			}
			if d.dead && d.interval == 0 {
				return nil
			}
		}
	}
	return nil
}

func (d *decoder) readMCUDC(x, y int) error {
	r := &d.bits
	for i := range d.count {
		p := &d.parts[i]
		for v := range p.v {
			at := (y*p.v+v)*p.padAcross + x*p.h
			for h := range p.h {
				c := &p.coefs[(at+h)*p.n*p.n]
				r.ready()
				ok := true
				if d.high == 0 {
					var diff int32
					diff, ok = r.difference(p.dc)
					p.predicted += diff
					*c = int16(p.predicted << d.low)
				} else {
					*c |= int16(r.take(1) << d.low)
				}
				if err := d.check(ok); err != nil {
					return err
				}
				if d.high == 0 && !d.unsound {
					d.sound++
				}
			}
		}
	}
	return nil
}

// readBand reads a band of a component's other coefficients.
func (d *decoder) readBand() error {
	p := &d.parts[0]
	all := p.across * p.down
	budget := int64(len(d.data))*8 + maxVisits*d.blocks
	for i := 0; i < all && !d.over; i++ {
		if err := d.nextMCU(); err != nil {
			return err
		}
		if d.dead || d.zeroRun > 0 && d.high == 0 {
			i += d.pass(all - i)
			continue
		}
		if d.work++; d.work > budget {
			return malformed("it has more scans than its size can need")
		}
		at := i/p.across*p.padAcross + i%p.across
		if d.zeroRun > 0 && p.some[at] == 0 {
			d.zeroRun--
			continue
		}
		d.bits.ready()
		var ok bool
		if d.high == 0 {
			ok = d.readFirst(p, at)
		} else {
			ok = d.refine(p, at)
		}
		if err := d.check(ok); err != nil {
			return err
		}
	}
	return nil
}

// pass goes over the blocks, all of them at the most, that nothing is read for,
// and gives how many there are beside the first.
func (d *decoder) pass(all int) int {
	n := all
	if d.interval > 0 {
		n = min(n, d.left+1)
	}
	if !d.dead {
		n = min(n, d.zeroRun)
		d.zeroRun -= n
	}
	if d.interval > 0 {
		d.left -= n - 1
	}
	return n - 1
}

// readFirst reads the upper bits of a block's band (T.81, G.1.2.2).
func (d *decoder) readFirst(p *part, at int) (ok bool) {
	r, size := &d.bits, p.n*p.n
	coefs := p.coefs[at*size:][:size]
	place := &p.scale.place
	mask := uint64(0)
	ok = true
	for k := d.from; k <= d.to; k++ {
		r.more()
		run, v, end, found := r.symbol(p.ac)
		ok = ok && found
		if end {
			d.zeroRun = 1<<run - 1
			if run > 0 {
				d.zeroRun += int(r.take(uint(run)))
			}
			break
		}
		k += run
		if v == 0 || k > 63 {
			continue
		}
		mask |= 1 << k
		if to := place[k]; to >= 0 {
			coefs[to] = int16(v << d.low)
		}
	}
	p.some[at] |= mask
	return ok
}

// refine reads a bit more of the coefficients of a block's band that are known
// not to be 0, and those that were 0 up to now (T.81, G.1.2.3).
func (d *decoder) refine(p *part, at int) (ok bool) {
	r, size := &d.bits, p.n*p.n
	coefs := p.coefs[at*size:][:size]
	mask, k := p.some[at], d.from
	ok = true
	for d.zeroRun == 0 && k <= d.to {
		r.more()
		run, v, end, found := r.symbol(p.ac)
		ok = ok && found
		if end {
			d.zeroRun = 1 << run
			if run > 0 {
				d.zeroRun += int(r.take(uint(run)))
			}
			break
		}
		// The run is of zeros only; those that are not get their bit on the way.
		for ; k <= d.to; k++ {
			if mask>>k&1 != 0 {
				d.correct(p, coefs, k)
			} else if run--; run < 0 {
				break
			}
		}
		if v != 0 && k <= d.to {
			mask |= 1 << k
			if to := p.scale.place[k]; to >= 0 {
				coefs[to] = int16(v << d.low)
			}
		}
		k++
	}
	if d.zeroRun > 0 {
		for rest := mask >> k << k & (2<<d.to - 1); rest != 0; rest &= rest - 1 {
			d.correct(p, coefs, bits.TrailingZeros64(rest))
		}
		d.zeroRun--
	}
	p.some[at] = mask
	return ok
}

// correct reads a bit more of a coefficient that is not 0.
func (d *decoder) correct(p *part, coefs []int16, k int) {
	bit := int16(d.bits.take(1)) << d.low
	to := p.scale.place[k]
	if to < 0 || bit == 0 || coefs[to]&bit != 0 {
		return
	}
	if coefs[to] < 0 {
		bit = -bit
	}
	coefs[to] += bit
}

// reconstruct draws the blocks of a plane.
func (d *decoder) reconstruct(p *plane) {
	b, size := &d.block, p.n*p.n
	place, word := &p.scale.place, &p.scale.word
	for y := range p.down {
		for x := range p.across {
			at := y*p.padAcross + x
			coefs := p.coefs[at*size:][:size]
			mask := p.some[at]
			for ; mask != 0; mask &= mask - 1 {
				k := bits.TrailingZeros64(mask)
				if to := place[k]; to >= 0 {
					b[word[k]] += int64(coefs[to]) * p.steps[k]
				}
			}
			p.draw(x, y, int64(coefs[0])*p.steps[0], p.some[at] != 0, b)
		}
	}
}
