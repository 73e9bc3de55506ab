package colour

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// MaxProfile is how long a profile may be, in bytes. Those of photos have 500 bytes to
// 4 kB, those of presses up to 3 MB.
const MaxProfile = 4 << 20

// Memory is how many bytes FromICC takes at its peak for a profile: each value of
// its tables becomes a float64, on the way in and, for its black point, on the way
// out.
func Memory(profile []byte) int64 {
	if len(profile) > MaxProfile {
		return 0
	}
	return 16 * int64(len(profile))
}

// FromICC gives the conversion from a profile's colours, for a picture of so many
// channels: 1 for grey, 3 for RGB, 4 for CMYK. It is nil where they are sRGB's. The
// error says why a profile cannot be used; a caller has then what it had without.
//
// The last few profiles are remembered: a folder of photos has the same one in all.
// One is read at a time.
func FromICC(profile []byte, channels int) (*Conversion, error) {
	if len(profile) > MaxProfile {
		return nil, fmt.Errorf("a colour profile of %d bytes; at most %d are read", len(profile), MaxProfile)
	}
	return profiles.get(known{sha256.Sum256(profile), channels}, func() (*Conversion, error) {
		return read(profile, channels)
	})
}

// known is a profile for a number of channels.
type known struct {
	sum      [sha256.Size]byte
	channels int
}

// memory holds what was made of the last few profiles, the latest last.
type memory struct {
	mu   sync.Mutex
	last []remembered
}

type remembered struct {
	known
	conversion *Conversion
	err        error
}

// remember bounds the memory: a conversion takes up to 500 kB.
const remember = 12

var profiles memory

func (m *memory) get(k known, read func() (*Conversion, error)) (*Conversion, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range m.last {
		if r.known == k {
			copy(m.last[i:], m.last[i+1:])
			m.last[len(m.last)-1] = r
			return r.conversion, r.err
		}
	}
	r := remembered{known: k}
	r.conversion, r.err = read()
	if len(m.last) == remember {
		m.last = m.last[:copy(m.last, m.last[1:])]
	}
	m.last = append(m.last, r)
	return r.conversion, r.err
}

// read makes the conversion. The library is not told how much there is, so its
// stumbling is fenced.
func read(profile []byte, channels int) (c *Conversion, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("a colour profile that cannot be read: %v", r)
		}
	}()
	if err := check(profile); err != nil {
		return nil, err
	}
	p, err := icc.DecodeProfile(bytes.NewReader(profile))
	if err != nil {
		return nil, fmt.Errorf("a colour profile that cannot be read: %w", err)
	}
	space := map[int]icc.ColorSpace{1: icc.ColorSpaceGray, 3: icc.ColorSpaceRGB, 4: icc.ColorSpaceCMYK}[channels]
	if p.Header.DataColorSpace != space {
		return nil, fmt.Errorf("a colour profile for %v, in a picture of %d channels", p.Header.DataColorSpace, channels)
	}
	if channels == 3 && !p.TagTable.Has(icc.AToB0TagSignature) && !p.TagTable.Has(icc.AToB1TagSignature) {
		return readMatrix(p)
	}
	return readTables(p, channels)
}

// readMatrix is for profiles of curves and a matrix. The light of a channel is what
// is left of the colour when the others are dark.
func readMatrix(p *icc.Profile) (*Conversion, error) {
	t, err := p.CreateTransformerToPCS(icc.RelativeColorimetricRenderingIntent, 3, true)
	if err != nil {
		return nil, fmt.Errorf("a colour profile that cannot be used: %w", err)
	}
	xyz := func(r, g, b float64) [3]float64 {
		x, y, z := t.Transform(r, g, b)
		return [3]float64{x, y, z}
	}
	dark := xyz(0, 0, 0)
	return of(newSums(func(channel int, level float64) [3]float64 {
		var in [3]float64
		in[channel] = level
		v := xyz(in[0], in[1], in[2])
		for i := range v {
			v[i] -= dark[i] * 2 / 3 // it comes in three times
		}
		return fromPCS.times(v)
	})), nil
}

// readTables is for the others.
func readTables(p *icc.Profile, channels int) (*Conversion, error) {
	t, err := p.CreateTransformerToSRGB(icc.RelativeColorimetricRenderingIntent, true, channels, true, false, true)
	if err != nil {
		return nil, fmt.Errorf("a colour profile that cannot be used: %w", err)
	}
	to := func(in []float64) [3]float64 {
		var from, out [4]float64
		copy(from[:], in)
		t.TransformGeneral(out[:], from[:])
		return [3]float64(out[:3])
	}
	switch channels {
	case 1:
		return of(newGrey(func(v float64) float64 { return to([]float64{v})[1] })), nil
	case 4:
		return &Conversion{inks: newGrid(4, to)}, nil
	}
	return of(newGrid(3, to)), nil
}

var errCut = errors.New("a colour profile that is cut short")

// check sees that a profile holds all that it names (ICC.1:2022, 7.2 and 7.3), as the
// library makes room for it before it looks.
func check(profile []byte) error {
	const head, entry = 132, 12
	size := uint64(len(profile))
	if size < head {
		return errCut
	}
	tags := uint64(binary.BigEndian.Uint32(profile[head-4:]))
	if tags > (size-head)/entry {
		return errCut
	}
	for i := range tags {
		e := profile[head+entry*i:]
		at, n := uint64(binary.BigEndian.Uint32(e[4:])), uint64(binary.BigEndian.Uint32(e[8:]))
		if at < head+entry*tags || at+n > size {
			return errCut
		}
	}
	// A curve says how many points it has (10.6), wherever it stands.
	for rest := profile; ; {
		_, after, found := bytes.Cut(rest, []byte("curv"))
		if !found {
			return nil
		}
		if len(after) >= 8 && uint64(binary.BigEndian.Uint32(after[4:]))*2 > uint64(len(after)) {
			return errCut
		}
		rest = after
	}
}
