package testimage

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
	"slices"
)

// ProfileKind says what colours a profile is for.
type ProfileKind struct {
	// Red, Green and Blue are XYZ, relative to D50, of the primaries.
	Red, Green, Blue [3]float64
	// Gamma is the power that makes light of a level; 0 for the curve of sRGB.
	Gamma float64
	// V4 writes version 4, with curves by a formula; else they are one number or a
	// table.
	V4 bool
}

// The colours that photos have, as their profiles round them.
var (
	SRGB      = ProfileKind{Red: [3]float64{0.43607, 0.22249, 0.01392}, Green: [3]float64{0.38515, 0.71687, 0.09708}, Blue: [3]float64{0.14307, 0.06061, 0.71410}}
	DisplayP3 = ProfileKind{Red: [3]float64{0.51512, 0.24120, -0.00105}, Green: [3]float64{0.29198, 0.69225, 0.04189}, Blue: [3]float64{0.15710, 0.06657, 0.78407}, V4: true}
	AdobeRGB  = ProfileKind{Red: [3]float64{0.60974, 0.31111, 0.01947}, Green: [3]float64{0.20528, 0.62567, 0.06087}, Blue: [3]float64{0.14919, 0.06322, 0.74457}, Gamma: 2.19921875}
	ProPhoto  = ProfileKind{Red: [3]float64{0.79767, 0.28804, 0}, Green: [3]float64{0.13519, 0.71188, 0}, Blue: [3]float64{0.03134, 0.00009, 0.82491}, Gamma: 1.8}
)

// Light gives that of a level, both 0 to 1.
func (k ProfileKind) Light(v float64) float64 {
	switch {
	case k.Gamma != 0:
		return math.Pow(v, k.Gamma)
	case v <= 0.04045:
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// RGBProfile is an ICC profile of three curves and a matrix (ICC.1:2022, 8.3.3).
func RGBProfile(k ProfileKind) []byte {
	c := k.curve()
	return k.profile("RGB ", "mntr", "XYZ ",
		tag{"rXYZ", xyzTag(k.Red)}, tag{"gXYZ", xyzTag(k.Green)}, tag{"bXYZ", xyzTag(k.Blue)},
		tag{"rTRC", c}, tag{"gTRC", c}, tag{"bTRC", c}, tag{"wtpt", xyzTag(d50)})
}

// GreyProfile is one of a curve (8.3.4).
func GreyProfile(k ProfileKind) []byte {
	return k.profile("GRAY", "mntr", "XYZ ", tag{"kTRC", k.curve()}, tag{"wtpt", xyzTag(d50)})
}

// TableProfile is one with a table (lut16Type) for so many channels, 3 or 4, with 9
// points each. to gives L*, a* and b* of levels from 0 to 1.
func TableProfile(channels int, to func([]float64) [3]float64) []byte {
	const points = 9
	t := append([]byte("mft2\x00\x00\x00\x00"), byte(channels), 3, points, 0)
	for i := range 9 { // a matrix, which is not used
		v := 0
		if i%4 == 0 {
			v = 1 << 16
		}
		t = append(t, u32(v)...)
	}
	t = append(t, 0, 2, 0, 2) // entries of the curves, all straight
	straight := []byte{0, 0, 0xff, 0xff}
	t = append(t, bytes.Repeat(straight, channels)...)
	in := make([]float64, channels)
	for i := range int(math.Pow(points, float64(channels)) + 0.5) {
		for c := channels - 1; c >= 0; c-- {
			in[c] = float64(i%points) / (points - 1)
			i /= points
		}
		lab := to(in)
		// 0xff00 stands for 100 of L*, and 0x8000 for 0 of a* and b* (10.10).
		for _, v := range []float64{lab[0] * 652.8, (lab[1] + 128) * 256, (lab[2] + 128) * 256} {
			t = append(t, u16(int(min(max(v, 0), 65535)+0.5))...)
		}
	}
	t = append(t, bytes.Repeat(straight, 3)...)
	space := "RGB "
	if channels == 4 {
		space = "CMYK"
	}
	return ProfileKind{}.profile(space, "prtr", "Lab ", tag{"A2B0", t}, tag{"A2B1", t}, tag{"wtpt", xyzTag(d50)})
}

var d50 = [3]float64{0.9642, 1, 0.8249}

type tag struct {
	name string
	data []byte
}

func s15(v float64) []byte { return u32(int(int32(math.Round(v * 65536)))) }

func xyzTag(v [3]float64) []byte {
	return slices.Concat([]byte("XYZ \x00\x00\x00\x00"), s15(v[0]), s15(v[1]), s15(v[2]))
}

// curve is parametricCurveType (10.18) or curveType (10.6).
func (k ProfileKind) curve() []byte {
	switch {
	case k.V4 && k.Gamma != 0:
		return slices.Concat([]byte("para\x00\x00\x00\x00\x00\x00\x00\x00"), s15(k.Gamma))
	case k.V4:
		return slices.Concat([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"),
			s15(2.4), s15(1/1.055), s15(0.055/1.055), s15(1/12.92), s15(0.04045))
	case k.Gamma != 0:
		return slices.Concat([]byte("curv\x00\x00\x00\x00"), u32(1), u16(int(k.Gamma*256+0.5)))
	}
	const n = 1024
	c := append([]byte("curv\x00\x00\x00\x00"), u32(n)...)
	for i := range n {
		c = append(c, u16(int(k.Light(float64(i)/(n-1))*65535+0.5))...)
	}
	return c
}

// profile lays out a header (7.2), the table of tags (7.3) and the tags.
func (k ProfileKind) profile(space, class, pcs string, tags ...tag) []byte {
	b := make([]byte, 128)
	b[8] = 2
	if k.V4 {
		b[8] = 4
	}
	copy(b[12:], class+space+pcs)
	copy(b[36:], "acsp")
	copy(b[68:], slices.Concat(s15(d50[0]), s15(d50[1]), s15(d50[2])))
	b = append(b, u32(len(tags))...)
	at := len(b) + 12*len(tags)
	var behind []byte
	for _, t := range tags {
		b = slices.Concat(b, []byte(t.name), u32(at+len(behind), len(t.data)))
		behind = append(behind, t.data...)
		behind = append(behind, make([]byte, -len(behind)&3)...)
	}
	b = append(b, behind...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// WithProfile gives a copy of a file of this package with an ICC profile put where
// the format has it: iCCP in PNG, an ICCP chunk in WebP, a tag in TIFF, and in JPEG
// segments of at most 200 bytes, the last one first. It gives nil for other formats.
func WithProfile(file, profile []byte) []byte {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		n := (len(profile) + 199) / 200
		size := 200
		if n > 255 {
			n, size = (len(profile)+64_999)/65_000, 65_000
		}
		for i := range n {
			part := profile[i*size : min(i*size+size, len(profile))]
			file = WithSegment(file, 0xe2, slices.Concat([]byte("ICC_PROFILE\x00"), []byte{byte(i + 1), byte(n)}, part))
		}
		return file
	case bytes.HasPrefix(file, []byte("\x89PNG")):
		var packed bytes.Buffer
		w := zlib.NewWriter(&packed)
		_, _ = w.Write(profile) // to memory: it cannot fail
		_ = w.Close()
		return WithChunk(file, "iCCP", append([]byte("a name\x00\x00"), packed.Bytes()...))
	case bytes.HasPrefix(file, []byte("RIFF")) && len(file) > 30:
		const hasProfile, hasAlpha = 0x20, 0x10
		_, w, h := webpParts(file)
		x := append([]byte{hasProfile | hasAlpha, 0, 0, 0}, u24s(w-1, h-1)...)
		return riff(chunk("VP8X", x), chunk("ICCP", profile), file[12:])
	case bytes.HasPrefix(file, []byte("II*\x00")):
		return EXIF{}.intoTIFF(file, entry{0x8773, 7, uint32(len(profile)), profile})
	}
	return nil
}

// WithChunk gives a copy of a PNG with one more chunk, behind its first.
func WithChunk(png []byte, name string, data []byte) []byte {
	return afterIHDR(png, pngChunk(name, data))
}
