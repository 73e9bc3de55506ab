package preprocess

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"

	"vlocal/preprocess/colour"
	"vlocal/preprocess/jpeg"
	"vlocal/preprocess/raw"
	"vlocal/preprocess/scale"
)

// photoIn gives the JPEG that goes the way of photo: the file, or the preview in a
// camera's raw file; nil for all others.
func photoIn(format string, data []byte) []byte {
	if format == "jpeg" {
		return data
	}
	if !slices.Contains(rawFormats, format) {
		return nil
	}
	p, err := raw.Open(format, data)
	if err != nil {
		return nil
	}
	return p.JPEG
}

// photo is the way of a JPEG: decoded at the scale that is needed, made smaller
// and turned on its planes, and written again. It holds no whole picture. What is
// damaged is shown as far as it goes, with a warning.
func (o Options) photo(data []byte, orientation int, c *colour.Conversion) (p Picture, warning string, err error) {
	err = recovered(func() error {
		h, err := jpeg.ReadHeader(data)
		if err != nil {
			return err
		}
		w, height := o.stored(h.Width, h.Height, orientation)
		decoded, report, err := jpeg.Decode(data, decodedFor(h, w, height))
		if err != nil {
			return err
		}
		defer decoded.Release()
		if report.Sound < leastSound {
			return fmt.Errorf("only %.0f %% of it could be decoded: %s", 100*report.Sound, strings.Join(report.Warnings, "; "))
		}
		if len(report.Warnings) > 0 {
			warning = damage(report)
		}
		img := decoded.Image()
		if img, err = sound(img); err != nil {
			return err
		}
		if !hasPlanes(img) { // CMYK and RGB
			p, err = o.render(img, orientation, c)
			return err
		}
		whole := extent(h, decoded.Reduction)
		p, err = o.write(draft{
			w: w, h: height,
			at:     func(w, h int) image.Image { return onPlanes(img, whole, w, h, orientation, c) },
			encode: encodePlanes,
			plain:  o.asItIs(decoded, w, height, orientation, c),
		})
		return err
	})
	if err != nil {
		return Picture{}, "", undecodable(err)
	}
	if warning != "" {
		// What is missing looks alike in every damaged picture, and none should be
		// asked in place of a sound one.
		p.Source.Hash = 0
	}
	return p, warning, nil
}

// damage tells a user what is wrong with a picture. Where all of it is there, only
// details are missing, as in a progressive one that was cut short.
func damage(r jpeg.Report) string {
	share := fmt.Sprintf(" (%.0f %%)", 100*r.Sound)
	if r.Sound == 1 {
		share = ""
	}
	return fmt.Sprintf("the picture is damaged, and was sent as far as it goes%s: %s", share, strings.Join(r.Warnings, "; "))
}

// leastSound is the share of a damaged picture that must be there for it to be
// worth asking about.
const leastSound = 0.1

// stored gives the size that a stored picture of w by h pixels is to have, before
// it is turned upright.
func (o Options) stored(w, h, orientation int) (int, int) {
	// The picture is turned after it became small, so the box lies on its side
	// where the picture does.
	boxW, boxH := upright(o.MaxWidth, o.MaxHeight, orientation)
	return fit(w, h, boxW, boxH)
}

// hasPlanes says whether a picture is grey or has Y, Cb and Cr.
func hasPlanes(img image.Image) bool {
	switch img.(type) {
	case *image.YCbCr, *image.Gray:
		return true
	}
	return false
}

// encodePlanes encodes a picture that has planes.
func encodePlanes(img image.Image, quality int) ([]byte, error) {
	data, err := jpeg.Encode(nil, img, quality)
	return slices.Clip(data), err
}

// onPlanes makes a picture smaller, turns it and converts it to sRGB, where it has
// planes; nil if it has not. What need not change stays as it is: encoding that loses
// the least. img is never changed.
func onPlanes(img image.Image, of scale.Extent, w, h, orientation int, c *colour.Conversion) image.Image {
	b := img.Bounds()
	same := w == b.Dx() && h == b.Dy() && orientation <= 1
	switch img := img.(type) {
	case *image.YCbCr:
		small := img
		switch {
		case !same:
			small = of.YCbCr(img, w, h, orientation)
		case c != nil:
			small = copied(img)
		}
		c.YCbCr(small)
		return small
	case *image.Gray:
		small := img
		switch {
		case !same:
			small = of.Gray(img, w, h, orientation)
		case c != nil:
			grey := *img
			grey.Pix = slices.Clone(img.Pix)
			small = &grey
		}
		c.Gray(small)
		return small
	}
	return nil
}

// photoBytes is what photo takes at its peak, in bytes; 0 for what has no header.
func (o Options) photoBytes(data []byte, orientation int) int64 {
	h, err := jpeg.ReadHeader(data)
	if err != nil {
		return 0
	}
	w, height := o.stored(h.Width, h.Height, orientation)
	need := jpeg.Memory(h, decodedFor(h, w, height))
	perPixel := int64(3) // the small picture
	if h.Model != jpeg.Grey && h.Model != jpeg.YCbCr {
		perPixel = 12 // it, and the copies in RGB
	}
	return need + 4*int64(w)*int64(height)*perPixel
}

// photoSize is a codec's size.
func photoSize(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	h, err := jpeg.ReadHeader(data)
	models := map[jpeg.Model]color.Model{
		jpeg.Grey: color.GrayModel, jpeg.YCbCr: color.YCbCrModel, jpeg.RGB: color.RGBAModel,
		jpeg.CMYK: color.CMYKModel, jpeg.YCCK: color.CMYKModel,
	}
	return image.Config{ColorModel: models[h.Model], Width: h.Width, Height: h.Height}, err
}

// decodePhoto is a codec's decode, at the whole size: for JPEGs within other
// files.
func decodePhoto(_ context.Context, data []byte) (image.Image, error) {
	p, _, err := jpeg.Decode(data, jpeg.Options{})
	if err != nil {
		return nil, err
	}
	return p.Image(), nil
}

// unsupportedPhoto reports whether a JPEG is sound and of a kind that is not read.
func unsupportedPhoto(err error) bool { return errors.Is(err, jpeg.ErrUnsupported) }
