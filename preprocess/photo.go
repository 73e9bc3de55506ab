package preprocess

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"

	"vlocal/preprocess/jpeg"
	"vlocal/preprocess/phash"
	"vlocal/preprocess/scale"
)

// photo is the way of a JPEG: decoded at the scale that is needed, made smaller
// and turned on its planes, and written again. It holds no whole picture. What is
// damaged is shown as far as it goes, with a warning.
func (o Options) photo(data []byte, orientation int) (p Picture, warning string, err error) {
	err = recovered(func() error {
		h, err := jpeg.ReadHeader(data)
		if err != nil {
			return err
		}
		w, height := o.stored(h.Width, h.Height, orientation)
		decoded, report, err := jpeg.Decode(data, jpeg.Options{MinWidth: w, MinHeight: height, Tolerant: true})
		if err != nil {
			return err
		}
		defer decoded.Release()
		if report.Sound < leastSound {
			return fmt.Errorf("only %.0f %% of it could be decoded: %s", 100*report.Sound, strings.Join(report.Warnings, "; "))
		}
		if len(report.Warnings) > 0 {
			warning = fmt.Sprintf("the picture is damaged, and was sent as far as it goes (%.0f %%): %s", 100*report.Sound, strings.Join(report.Warnings, "; "))
		}
		img := decoded.Image()
		if img, err = sound(img); err != nil {
			return err
		}
		small := onPlanes(img, w, height, orientation)
		if small == nil { // CMYK and RGB
			p, err = o.render(img, orientation)
			return err
		}
		p.Source.Hash = phash.Of(small)
		p.Width, p.Height = upright(w, height, orientation)
		p.JPEG, err = jpeg.Encode(nil, small, o.Quality)
		p.JPEG = slices.Clip(p.JPEG)
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

// onPlanes makes a picture smaller and turns it, where it is grey or has Y, Cb and
// Cr; nil if it has not. What need not change stays as it is: encoding that loses
// the least.
func onPlanes(img image.Image, w, h, orientation int) image.Image {
	b := img.Bounds()
	same := w == b.Dx() && h == b.Dy() && orientation <= 1
	switch img := img.(type) {
	case *image.YCbCr:
		if same {
			return img
		}
		return scale.YCbCr(img, w, h, orientation)
	case *image.Gray:
		if same {
			return img
		}
		return scale.Gray(img, w, h, orientation)
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
	need := jpeg.Memory(h, jpeg.Options{MinWidth: w, MinHeight: height})
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
func decodePhoto(data []byte) (image.Image, error) {
	p, _, err := jpeg.Decode(data, jpeg.Options{})
	if err != nil {
		return nil, err
	}
	return p.Image(), nil
}

// unsupportedPhoto reports whether a JPEG is sound and of a kind that is not read.
func unsupportedPhoto(err error) bool { return errors.Is(err, jpeg.ErrUnsupported) }
