package preprocess

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"

	"github.com/disintegration/imaging"

	"vlocal/preprocess/colour"
	"vlocal/preprocess/scale"
)

// upright gives the size that a stored picture of w by h pixels has once its
// orientation is applied, and the other way round. Orientations 5 to 8 lie on
// their side.
func upright(w, h, orientation int) (int, int) {
	if orientation >= 5 && orientation <= 8 {
		return h, w
	}
	return w, h
}

// fit gives the largest size with the sides of w by h that lies within the box,
// never more than w by h and never less than a pixel.
func fit(w, h, maxW, maxH int) (int, int) {
	scale := min(float64(maxW)/float64(w), float64(maxH)/float64(h))
	if scale >= 1 {
		return w, h
	}
	side := func(n, limit int) int {
		return min(max(int(math.Round(float64(n)*scale)), 1), limit)
	}
	return side(w, maxW), side(h, maxH)
}

// render fits, turns, converts, flattens and encodes: on the planes of a picture that
// has them, else by way of RGBA.
func (o Options) render(img image.Image, orientation int, c *colour.Conversion) (Picture, error) {
	var p Picture
	err := recovered(func() error {
		// What has 16 bits is converted before they become 8: light without a curve
		// has its dark colours in the lower ones.
		if converted, ok := c.Deep(img); ok {
			img, c = converted, nil
		}
		b := img.Bounds()
		d := draft{
			at:     func(w, h int) image.Image { return prepared(img, w, h, orientation, c) },
			encode: encode,
		}
		d.w, d.h = o.stored(b.Dx(), b.Dy(), orientation)
		if planes, ok := planesOf(img, c); ok {
			d.at = func(w, h int) image.Image {
				return onPlanes(planes, scale.Of(planes.Bounds()), w, h, orientation, c)
			}
			d.encode = encodePlanes
		}
		var err error
		p, err = o.write(d)
		return err
	})
	if err != nil {
		return Picture{}, undecodable(err)
	}
	return p, nil
}

// planesOf gives a picture that has planes with its bounds at 0, 0 and the samples of
// img; false for one that c cannot convert on its planes: one that has none, is grey
// in the colours of a profile for RGB, or was cropped between pixels that share a
// sample of Cb and Cr.
func planesOf(img image.Image, c *colour.Conversion) (image.Image, bool) {
	b := img.Bounds()
	at := image.Rectangle{Max: b.Size()}
	switch img := img.(type) {
	case *image.Gray:
		grey := &image.Gray{Pix: img.Pix[img.PixOffset(b.Min.X, b.Min.Y):], Stride: img.Stride, Rect: at}
		return grey, c == nil || c.OfGrey()
	case *image.YCbCr:
		moved := *img
		moved.Y, moved.Rect = img.Y[img.YOffset(b.Min.X, b.Min.Y):], at
		chroma := img.COffset(b.Min.X, b.Min.Y)
		moved.Cb, moved.Cr = img.Cb[chroma:], img.Cr[chroma:]
		across, down := scale.Sampled(img.SubsampleRatio)
		return &moved, b.Min.X%across == 0 && b.Min.Y%down == 0
	}
	return nil, false
}

// prepared gives img at w by h pixels, then turned, in sRGB and without transparency.
// It does not change img.
func prepared(img image.Image, w, h, orientation int, c *colour.Conversion) image.Image {
	if inks, ok := img.(*image.CMYK); ok && c.OfInks() {
		return onWhite(c.CMYK(smallInks(inks, w, h, orientation)))
	}
	b := img.Bounds()
	var small *image.NRGBA
	if w == b.Dx() && h == b.Dy() {
		small = imaging.Clone(img)
	} else {
		small = imaging.Resize(img, w, h, imaging.Lanczos)
	}
	c.NRGBA(small)
	return onWhite(turn(small, orientation))
}

// turn makes a picture upright that is stored in an EXIF orientation.
func turn(img *image.NRGBA, orientation int) *image.NRGBA {
	switch orientation {
	case 2:
		return imaging.FlipH(img)
	case 3:
		return imaging.Rotate180(img)
	case 4:
		return imaging.FlipV(img)
	case 5:
		return imaging.Transpose(img)
	case 6:
		return imaging.Rotate270(img) // counter-clockwise, so a quarter clockwise
	case 7:
		return imaging.Transverse(img)
	case 8:
		return imaging.Rotate90(img)
	}
	return img
}

// onWhite lays img over white. It takes over img's pixels, and gives them the
// type that the JPEG encoder is fast with.
func onWhite(img *image.NRGBA) *image.RGBA {
	for i := 0; i+3 < len(img.Pix); i += 4 {
		px := img.Pix[i : i+4 : i+4]
		a := uint32(px[3])
		if a == 255 {
			continue
		}
		for c := range 3 {
			px[c] = uint8((uint32(px[c])*a + 255*(255-a) + 127) / 255)
		}
		px[3] = 255
	}
	return &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}

// encode writes the JPEG; image/jpeg puts no metadata into it.
func encode(img image.Image, quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
