package preprocess

import (
	"bytes"
	"image"
	"slices"

	"vlocal/preprocess/colour"
	"vlocal/preprocess/heif"
	"vlocal/preprocess/ifd"
	"vlocal/preprocess/raw"
	"vlocal/preprocess/scale"
)

// colours is what a file tells of its colours. The zero value is nothing, which
// counts as sRGB.
type colours struct {
	// profile is an ICC profile, nil where there is none, for a picture of so many
	// channels.
	profile  []byte
	channels int
	// known is what is told otherwise; a profile goes before it.
	known *colour.Conversion
}

// bytes is what conversion takes at its peak.
func (c colours) bytes() int64 { return colour.Memory(c.profile) }

// conversion gives what turns the picture into sRGB, nil where it is that as it
// stands. A profile that cannot be used counts as none: the picture is what matters.
func (c colours) conversion() *colour.Conversion {
	if c.profile == nil {
		return c.known
	}
	conversion, err := colour.FromICC(c.profile, c.channels)
	if err != nil {
		return c.known
	}
	return conversion
}

// coloursOf looks for what a file of a format says. It never fails: what is broken
// says nothing.
func coloursOf(format string, data []byte) (c colours) {
	err := recovered(func() error {
		switch {
		case format == "jpeg":
			c = jpegColours(data)
		case format == "png":
			c = pngColours(data)
		case format == "webp" && len(data) > 12:
			for kind, body := range riffChunks(data[12:]) {
				if kind == "ICCP" {
					c = colours{profile: body, channels: 3}
					break
				}
			}
		case format == "tiff":
			c = tiffColours(data)
		case format == "heic" || format == "avif":
			c = heifColours(data)
		case slices.Contains(rawFormats, format):
			c = rawColours(format, data)
		}
		return nil
	})
	if err != nil {
		return colours{}
	}
	return c
}

// tiffColours reads the tag of a profile (ICC.1:2022, annex B).
func tiffColours(data []byte) colours {
	const photometric, profile = 0x0106, 0x8773
	f, at, ok := ifd.Open(data)
	if !ok {
		return colours{}
	}
	tags, _, _ := f.Read(at)
	c := colours{profile: f.Value(tags[profile]), channels: 3}
	switch kind, _ := f.Number(tags[photometric]); kind {
	case 0, 1:
		c.channels = 1
	case 5:
		c.channels = 4
	}
	return c
}

func heifColours(data []byte) colours {
	p, err := heif.Open(data)
	if err != nil {
		return colours{}
	}
	return colours{profile: p.Profile, channels: 3, known: colour.FromNumbers(p.Primaries, p.Curve)}
}

// rawColours asks the preview, and where that is silent, the raw file.
func rawColours(format string, data []byte) colours {
	p, err := raw.Open(format, data)
	if err != nil {
		return colours{}
	}
	c := jpegColours(p.JPEG)
	if c.known == nil && p.AdobeRGB {
		c.known = colour.AdobeRGB()
	}
	return c
}

// jpegColours puts a profile together from its segments, which may come in any order
// (ICC.1:2022, B.4), and asks EXIF.
func jpegColours(data []byte) colours {
	const app1, app2, sof0, sof2 = 0xe1, 0xe2, 0xc0, 0xc2
	const chunk, exif = "ICC_PROFILE\x00", "Exif\x00\x00"
	c := colours{channels: 3}
	var parts [256][]byte // by their numbers, from 1
	count := 0
	for marker, body := range jpegSegments(data) {
		switch {
		case marker >= sof0 && marker <= sof2 && len(body) > 5:
			c.channels = int(body[5])
		case marker == app1 && bytes.HasPrefix(body, []byte(exif)) && c.known == nil:
			if exifAdobeRGB(body[len(exif):]) {
				c.known = colour.AdobeRGB()
			}
		case marker == app2 && bytes.HasPrefix(body, []byte(chunk)) && len(body) > len(chunk)+2:
			parts[body[len(chunk)]] = body[len(chunk)+2:]
			count = int(body[len(chunk)+1])
		}
	}
	if c.channels != 3 {
		c.known = nil
	}
	for i := 1; i <= count; i++ {
		if parts[i] == nil {
			c.profile = nil // some of it is missing
			break
		}
		c.profile = append(c.profile, parts[i]...)
	}
	return c
}

// jpegSegments yields those before the first scan.
func jpegSegments(data []byte) func(yield func(marker byte, body []byte) bool) {
	return func(yield func(byte, []byte) bool) {
		const sos, eoi = 0xda, 0xd9
		for at := 2; at+4 <= len(data); {
			marker := data[at+1]
			switch {
			case data[at] != 0xff || marker == 0xff || marker == 0: // between segments, as libjpeg does
				at++
				continue
			case marker == sos || marker == eoi:
				return
			case marker == 1 || marker >= 0xd0 && marker <= 0xd8: // no segment
				at += 2
				continue
			}
			end := at + 2 + int(data[at+2])<<8 + int(data[at+3])
			if end < at+4 || end > len(data) || !yield(marker, data[at+4:end]) {
				return
			}
			at = end
		}
	}
}

func exifAdobeRGB(block []byte) bool {
	const exifIFD = 0x8769
	f, at, ok := ifd.Open(block)
	if !ok {
		return false
	}
	tags, _, _ := f.Read(at)
	at, ok = f.Number(tags[exifIFD])
	if !ok {
		return false
	}
	exif, _, _ := f.Read(at)
	return f.AdobeRGB(exif)
}

// copied gives a picture that may be changed.
func copied(img *image.YCbCr) *image.YCbCr {
	out := *img
	out.Y, out.Cb, out.Cr = slices.Clone(img.Y), slices.Clone(img.Cb), slices.Clone(img.Cr)
	return &out
}

// smallInks makes a picture of inks smaller and turns it, one ink after the other.
func smallInks(img *image.CMYK, w, h, orientation int) *image.CMYK {
	b := img.Bounds()
	out := image.NewCMYK(image.Rectangle{Max: image.Pt(upright(w, h, orientation))})
	ink := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	for c := range 4 {
		for y := range b.Dy() {
			row := img.Pix[img.PixOffset(b.Min.X, b.Min.Y+y)+c:]
			for x := range b.Dx() {
				ink.Pix[y*ink.Stride+x] = row[4*x]
			}
		}
		small := ink
		if w != b.Dx() || h != b.Dy() || orientation > 1 {
			small = scale.Gray(ink, w, h, orientation)
		}
		for i, v := range small.Pix {
			out.Pix[4*i+c] = v
		}
	}
	return out
}
