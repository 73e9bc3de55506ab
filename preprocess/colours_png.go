package preprocess

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"

	"vlocal/preprocess/colour"
)

// pngColours reads the chunks before the picture: cICP goes before iCCP, that before
// sRGB, and that before gAMA and cHRM (PNG, 3rd edition, 4.3 and 11.3.2).
func pngColours(data []byte) colours {
	c := colours{channels: 3}
	chunks := pngChunks(data)
	if head := chunks["IHDR"]; len(head) > 9 && head[9]&2 == 0 { // the kind of colours, without that of sRGB
		c.channels = 1
	}
	cicp, gamma, profile := chunks["cICP"], chunks["gAMA"], unpackedProfile(chunks["iCCP"])
	switch {
	case len(cicp) == 4:
		if c.channels == 3 {
			c.known = colour.FromNumbers(int(cicp[0]), int(cicp[1]))
		}
	case profile != nil:
		c.profile = profile
	case chunks["sRGB"] != nil:
	case len(gamma) == 4:
		c.known = pngGamma(float64(binary.BigEndian.Uint32(gamma))/1e5, chunks["cHRM"], c.channels)
	}
	return c
}

// pngChunks gives the first chunk of each kind that comes before the picture.
func pngChunks(data []byte) map[string][]byte {
	all := map[string][]byte{}
	const signature, head, sum = 8, 8, 4
	for at := signature; at+head <= len(data); {
		n := int(binary.BigEndian.Uint32(data[at:]))
		kind := string(data[at+4 : at+head])
		if kind == "IDAT" || n > len(data)-at-head {
			break
		}
		if _, twice := all[kind]; !twice {
			all[kind] = data[at+head : at+head+n]
		}
		at += head + n + sum
	}
	return all
}

// unpackedProfile gives the profile in an iCCP chunk: a name and a zero, the kind of
// compression, the profile. It is nil where that is broken or too long.
func unpackedProfile(body []byte) []byte {
	name, packed, ok := bytes.Cut(body, []byte{0})
	if !ok || len(name) > 79 || len(packed) < 1 || packed[0] != 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(packed[1:]))
	if err != nil {
		return nil
	}
	defer func() { _ = z.Close() }() // it only reads
	profile, err := io.ReadAll(io.LimitReader(z, colour.MaxProfile+1))
	if err != nil || len(profile) > colour.MaxProfile {
		return nil
	}
	return profile
}

// pngGamma gives the conversion by gAMA, the power that was applied to light, and
// cHRM: x and y of white, red, green and blue in units of 1/100,000.
//
// 1/2.2 with the primaries of sRGB is what programs write for sRGB itself (11.3.2.5),
// and counts as that.
func pngGamma(gamma float64, chrm []byte, channels int) *colour.Conversion {
	p := colour.SRGB
	if len(chrm) == 32 {
		for i, to := range []*[2]float64{&p.White, &p.Red, &p.Green, &p.Blue} {
			to[0] = float64(binary.BigEndian.Uint32(chrm[8*i:])) / 1e5
			to[1] = float64(binary.BigEndian.Uint32(chrm[8*i+4:])) / 1e5
		}
	}
	if math.Abs(gamma-1/2.2) < 0.01 && (channels == 1 || near(p, colour.SRGB)) {
		return nil
	}
	var c *colour.Conversion
	var err error
	if channels == 1 {
		c, err = colour.FromGreyGamma(1 / gamma)
	} else {
		c, err = colour.FromGamma(p, 1/gamma)
	}
	if err != nil {
		return nil // no picture is meant like this
	}
	return c
}

// near tells primaries that were only rounded otherwise.
func near(p, q colour.Primaries) bool {
	for i, a := range [][2]float64{p.White, p.Red, p.Green, p.Blue} {
		b := [][2]float64{q.White, q.Red, q.Green, q.Blue}[i]
		if math.Abs(a[0]-b[0]) > 0.003 || math.Abs(a[1]-b[1]) > 0.003 {
			return false
		}
	}
	return true
}
