package jpeg

import (
	"bytes"
	"slices"
)

// kept is what of a file was needed to decode it, in its order.
type kept struct {
	spans []span
	// unusual says that another decoder may make something else of it.
	unusual bool
}

// span is a segment, with its marker. What is entropy-coded behind a scan's header
// begins at codes; other segments have none.
type span struct{ from, codes, to int }

// maxSpans bounds what is kept of a file of nothing but segments. Encoders write
// some ten, or thirty for a progressive picture.
const maxSpans = 1000

// keep takes note of a segment that was read and ends at to. All that is not the
// frame, tables or the restart interval can be left out (T.81, B.2.4.4 to B.2.4.6).
func (k *kept) keep(marker byte, body []byte, to int) {
	switch marker {
	case mSOF0, mSOF1, mSOF2, mDHT, mDQT:
	case mDRI:
		k.unusual = k.unusual || len(body) != 2 // the rest could be anything
	default:
		return
	}
	k.add(span{to - 4 - len(body), to, to})
}

// keepScan takes note of a scan whose entropy-coded segments ended before to.
func (k *kept) keepScan(body []byte, codes, to int, progressive bool) {
	// A sequential scan has these three (T.81, table B.3); some decoders look.
	if !progressive && !bytes.HasSuffix(body, []byte{0, 63, 0}) {
		k.unusual = true
	}
	k.add(span{codes - 4 - len(body), codes, to})
}

func (k *kept) add(s span) {
	if len(k.spans) == maxSpans {
		k.unusual = true
		return
	}
	k.spans = append(k.spans, s)
}

// Plain appends to dst the file that p was decoded from, less all that its pixels
// do not need: applications' segments, comments, fill bytes, and whatever follows
// the picture. It decodes to the same samples. p must not have been released, nor
// the file changed.
//
// It says no, with dst as it was, unless the picture
//   - was decoded whole, at its full size and without a warning,
//   - is grey, or YCbCr in a sampling that Encode writes and with the names of
//     components that make it YCbCr without a JFIF or Adobe segment,
//   - has no quantization step finer than Encode would use for the quality, which
//     is 1 to 100,
//   - needs no indulgence: it has all of its Huffman tables and regular headers.
func (p *Picture) Plain(dst []byte, quality int) ([]byte, bool) {
	if p.Reduction != 1 || p.damaged || p.kept.unusual || !p.ordinary() || !p.atMost(quality) {
		return dst, false
	}
	dst = append(dst, 0xff, mSOI)
	for _, s := range p.kept.spans {
		dst = append(dst, p.file[s.from:s.codes]...)
		dst = appendCodes(dst, p.file[s.codes:s.to])
	}
	return append(dst, 0xff, mEOI), true
}

// ordinary says whether every decoder takes the planes for what they are here.
func (p *Picture) ordinary() bool {
	switch p.Model {
	case Grey:
		return true
	case YCbCr:
		// libjpeg goes by these names where no segment tells (jdapimin.c).
		_, ok := p.ratio()
		return ok && p.names == [4]byte{1, 2, 3}
	}
	return false
}

// atMost says whether every quantization step is at least as coarse as Encode's.
func (p *Picture) atMost(quality int) bool {
	for i := range p.Planes {
		for k, step := range stepsAt(min(i, 1), min(max(quality, 1), 100)) {
			if p.quant[i][k] < uint16(step) {
				return false
			}
		}
	}
	return true
}

// appendCodes copies entropy-coded segments and the restart markers between them,
// without the bytes of 0xff that may stand before any marker (T.81, B.1.1.2).
func appendCodes(dst, codes []byte) []byte {
	for {
		i := bytes.Index(codes, []byte{0xff, 0xff})
		if i < 0 {
			break
		}
		dst, codes = append(dst, codes[:i]...), codes[i+1:]
	}
	// One that is left at the end stands before the marker that comes next.
	return append(dst, bytes.TrimSuffix(codes, []byte{0xff})...)
}

// keepFile hands p what Plain needs.
func (d *decoder) keepFile(p *Picture) {
	p.file, p.damaged = d.data, len(d.warnings) > 0
	p.kept = kept{slices.Clip(d.kept.spans), d.kept.unusual}
	for i, c := range d.components() {
		p.names[i] = c.name
		p.quant[i] = d.planes[i].quant
	}
}
