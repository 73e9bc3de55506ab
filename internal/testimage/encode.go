package testimage

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// JPEG is baseline, 4:2:0, with quality 1 to 100; a grey image becomes a JPEG
// with one component.
func JPEG(img image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil
	}
	return b.Bytes()
}

// PNG keeps the pixels' type: palette, grey, 8 or 16 bits, with or without
// transparency.
func PNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}

// GIF holds the frames one after the other, on a screen of the size of the
// first. A frame that is not an *image.Paletted is given 256 colours.
func GIF(frames ...image.Image) []byte {
	if len(frames) == 0 {
		return nil
	}
	g := &gif.GIF{Config: image.Config{
		Width: frames[0].Bounds().Dx(), Height: frames[0].Bounds().Dy(),
	}}
	for _, f := range frames {
		g.Image = append(g.Image, Paletted(f))
		g.Delay = append(g.Delay, 10)
	}
	return encodeGIF(g)
}

// GIFInset is a GIF of one frame that covers only a part of a screen of w by h
// pixels: its upper left corner is at x, y, and around it nothing is drawn.
func GIFInset(w, h, x, y int, frame image.Image) []byte {
	p := *Paletted(frame)
	p.Rect = p.Rect.Sub(p.Rect.Min).Add(image.Pt(x, y))
	return encodeGIF(&gif.GIF{
		Image: []*image.Paletted{&p}, Delay: []int{0},
		Config: image.Config{Width: w, Height: h, ColorModel: p.Palette},
	})
}

func encodeGIF(g *gif.GIF) []byte {
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		return nil
	}
	return b.Bytes()
}

// InterlacedPNG is RGB with 8 bits in seven passes (PNG, 3rd edition, 8.2: Adam7).
func InterlacedPNG(img image.Image) []byte {
	b := img.Bounds()
	var raw []byte
	for _, p := range [7]struct{ x, y, dx, dy int }{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		for y := p.y; y < b.Dy() && p.x < b.Dx(); y += p.dy {
			raw = append(raw, 0) // no filter
			for x := p.x; x < b.Dx(); x += p.dx {
				c := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
				raw = append(raw, c.R, c.G, c.B)
			}
		}
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write(raw); err != nil || w.Close() != nil {
		return nil
	}
	header := append(u32(b.Dx(), b.Dy()), 8, 2, 0, 0, 1)
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"),
		pngChunk("IHDR", header), pngChunk("IDAT", packed.Bytes()), pngChunk("IEND", nil))
}

// TIFF is deflated, little-endian, and keeps the pixels' type.
func TIFF(img image.Image) []byte {
	var b bytes.Buffer
	if err := tiff.Encode(&b, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true}); err != nil {
		return nil
	}
	return b.Bytes()
}

// BMP has 24 bits a pixel, or 8 with a palette or grey, or 32 where img is
// transparent in places.
func BMP(img image.Image) []byte {
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}

// Paletted gives img in at most 256 colours, by error diffusion; a
// transparent one is among them.
func Paletted(img image.Image) *image.Paletted {
	if p, ok := img.(*image.Paletted); ok {
		return p
	}
	p := image.NewPaletted(img.Bounds(), palette(img))
	draw.FloydSteinberg.Draw(p, p.Rect, img, img.Bounds().Min)
	return p
}

// palette is the 255 colours that are commonest in img when each channel keeps
// its upper four bits, and transparent.
func palette(img image.Image) color.Palette {
	counts := make([]int, 1<<12)
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, bl, a := img.At(x, y).RGBA(); a > 0x7fff {
				counts[r>>12<<8|g>>12<<4|bl>>12]++
			}
		}
	}
	pal := color.Palette{color.NRGBA{}}
	for len(pal) < 256 {
		best := 0
		for i, n := range counts {
			if n > counts[best] {
				best = i
			}
		}
		if counts[best] == 0 {
			break
		}
		counts[best] = 0
		pal = append(pal, color.NRGBA{
			uint8(best>>8)*16 + 8, uint8(best>>4&15)*16 + 8, uint8(best&15)*16 + 8, 255,
		})
	}
	return pal
}

// Deep gives img with 16 bits a channel, the lower eight filled with noise.
func Deep(img image.Image) *image.NRGBA64 {
	out := image.NewNRGBA64(img.Bounds())
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	for i := 1; i < len(out.Pix); i += 2 {
		if i%8 != 7 {
			out.Pix[i] = uint8(hash(i, 0, 90) * 256)
		}
	}
	return out
}

// Gray gives img without its colours.
func Gray(img image.Image) *image.Gray {
	out := image.NewGray(img.Bounds())
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

// Turned gives the pixels that a camera held as EXIF orientation o (1 to 8)
// says would store for the upright picture img: a viewer that honours the
// orientation shows img. Another o gives img as it is.
//
// Source: Exif 2.32 (CIPA DC-008), Orientation: what the first row and the
// first column of the stored pixels are in the picture.
func Turned(img image.Image, o int) *image.NRGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	sw, sh := w, h
	if o >= 5 && o <= 8 {
		sw, sh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for y := range h {
		for x := range w {
			sx, sy := x, y
			switch o {
			case 2: // first row is the top, first column the right
				sx = w - 1 - x
			case 3: // bottom, right
				sx, sy = w-1-x, h-1-y
			case 4: // bottom, left
				sy = h - 1 - y
			case 5: // left, top
				sx, sy = y, x
			case 6: // right, top
				sx, sy = y, w-1-x
			case 7: // right, bottom
				sx, sy = h-1-y, w-1-x
			case 8: // left, bottom
				sx, sy = h-1-y, x
			}
			out.Set(sx, sy, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}
