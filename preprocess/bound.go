package preprocess

import (
	"fmt"
	"image"
	"math"

	"vlocal/domain"
	"vlocal/preprocess/phash"
)

const (
	// LeastQuality is how far Options.MaxBytes takes the quality down. Below it
	// blocks show, and a smaller picture of this quality says more.
	LeastQuality = 40
	// LeastSide is the longer side, in pixels, that Options.MaxBytes leaves: on
	// less a model sees nothing.
	LeastSide = 64
	// shrinking is what the sides of a picture that does not fit become.
	shrinking = 0.85
)

// draft is a picture that is to be written.
type draft struct {
	// w and h are its size as it lies in its file, in pixels.
	w, h int
	// at gives it upright, as it would lie at a size up to w by h.
	at func(w, h int) image.Image
	// encode makes a JPEG of what at gives.
	encode func(img image.Image, quality int) ([]byte, error)
	// plain is a JPEG of it that was there before; nil for none.
	plain []byte
}

// write gives the smaller one of what encoding makes of d and what was there
// before. Where that has more bytes than may be sent, quality steps down first,
// then size. The hash is that of the whole size.
func (o Options) write(d draft) (Picture, error) {
	img := d.at(d.w, d.h)
	data, err := d.encode(img, o.Quality)
	if err != nil {
		return Picture{}, err
	}
	if d.plain != nil && len(d.plain) <= len(data) {
		data = d.plain
	}
	p := written(img, data)
	if !o.sendable(data) {
		if p, err = o.reduced(d, img); err != nil {
			return Picture{}, err
		}
	}
	p.Source.Hash = phash.Of(img)
	return p, nil
}

func (o Options) sendable(data []byte) bool { return o.MaxBytes <= 0 || len(data) <= o.MaxBytes }

func written(img image.Image, data []byte) Picture {
	size := img.Bounds().Size()
	return Picture{Picture: domain.Picture{JPEG: data, Width: size.X, Height: size.Y}}
}

// reduced gives the largest size, of those that are tried, that can be sent at all,
// in the best quality that it can have. img is d at its size.
func (o Options) reduced(d draft, img image.Image) (Picture, error) {
	for share := shrinking; ; share *= shrinking {
		least, err := d.encode(img, min(o.Quality, LeastQuality))
		if err != nil {
			return Picture{}, err
		}
		if o.sendable(least) {
			return o.best(d, img, least)
		}
		side := func(n int) int { return max(int(math.Round(float64(n)*share)), 1) }
		if max(side(d.w), side(d.h)) < LeastSide {
			return Picture{}, fail(domain.TooLarge, "encode", "raise --max-bytes, or exclude it",
				fmt.Errorf("even at %d x %d pixels and quality %d the picture takes %d bytes; at most %d may be sent",
					img.Bounds().Dx(), img.Bounds().Dy(), min(o.Quality, LeastQuality), len(least), o.MaxBytes))
		}
		img = d.at(side(d.w), side(d.h))
	}
}

// best looks by halves for the highest quality that can be sent, where data is what
// the least one gives.
func (o Options) best(d draft, img image.Image, data []byte) (Picture, error) {
	fits, tooMuch := LeastQuality, o.Quality+1
	for tooMuch-fits > 1 {
		quality := (fits + tooMuch) / 2
		tried, err := d.encode(img, quality)
		if err != nil {
			return Picture{}, err
		}
		if o.sendable(tried) {
			fits, data = quality, tried
		} else {
			tooMuch = quality
		}
	}
	return written(img, data), nil
}
