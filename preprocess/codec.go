package preprocess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"slices"
	"time"

	"golang.org/x/image/bmp"
	xtiff "golang.org/x/image/tiff"

	"vlocal/domain"
	"vlocal/preprocess/heif"
	"vlocal/preprocess/raw"
	"vlocal/preprocess/tiff"
)

// codec reads one format. decode ends with ctx where its decoder can be stopped;
// where it cannot, its work is bounded by the size of the picture.
type codec struct {
	size   func(io.Reader) (image.Config, error)
	decode func(context.Context, []byte) (image.Image, error)
}

// codecs are by the format's name, as Sniff gives it.
var codecs = map[string]codec{
	"jpeg": {photoSize, decodePhoto},
	"png":  {png.DecodeConfig, whole(png.Decode)},
	"gif":  {gif.DecodeConfig, firstFrame},
	"webp": {webpSize, decodeWebP},
	"bmp":  {bmp.DecodeConfig, whole(bmp.Decode)},
	"heic": {heifSize, decodeHEIF},
	"avif": {heifSize, decodeHEIF},
}

func whole(decode func(io.Reader) (image.Image, error)) func(context.Context, []byte) (image.Image, error) {
	return func(ctx context.Context, data []byte) (image.Image, error) {
		return decode(untilDone{ctx, bytes.NewReader(data)})
	}
}

// untilDone is a reader that ends with a context: a decoder that reads bit by bit
// is stopped by that.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(b []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.r.Read(b)
}

// firstFrame puts a GIF's first frame where it belongs on the GIF's screen,
// which may be larger; what the frame leaves open is transparent.
func firstFrame(ctx context.Context, data []byte) (image.Image, error) {
	screen, err := gif.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	frame, err := gif.Decode(untilDone{ctx, bytes.NewReader(data)})
	if err != nil {
		return nil, err
	}
	all := image.Rect(0, 0, screen.Width, screen.Height)
	if frame.Bounds() == all {
		return frame, nil
	}
	canvas := image.NewNRGBA(all)
	draw.Draw(canvas, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return canvas, nil
}

// sizeSafely gives the stored size in pixels, both sides at least 1, and the kind
// of pixels.
func (c codec) sizeSafely(data []byte) (config image.Config, err error) {
	err = recovered(func() (err error) {
		config, err = c.size(bytes.NewReader(data))
		return err
	})
	if err == nil && (config.Width < 1 || config.Height < 1) {
		err = fmt.Errorf("a picture of %d x %d pixels", config.Width, config.Height)
	}
	return config, undecodable(err)
}

// patience bounds the decoding of one picture. The largest that phones take (48
// megapixels, HEIC) need some ten seconds.
const patience = time.Minute

var errTooLong = fmt.Errorf("decoding it takes longer than %.0f seconds", patience.Seconds())

// decodeSafely gives an image that can be handed on: imaging works on it in
// goroutines of its own, where a panic could not be recovered. The error is of kind
// Interrupted when ctx is done.
func (c codec) decodeSafely(ctx context.Context, data []byte) (img image.Image, err error) {
	within, cancel := context.WithTimeoutCause(ctx, patience, errTooLong)
	defer cancel()
	err = recovered(func() (err error) {
		if img, err = c.decode(within, data); err != nil {
			return err
		}
		img, err = sound(img)
		return err
	})
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	if err != nil && within.Err() != nil { // not every decoder hands on why
		return nil, fail(domain.Corrupt, "decode", "save it again from a program that opens it", errTooLong)
	}
	return img, undecodable(err)
}

// sound makes sure that no pixel of img lies outside of its buffers or its
// palette. It may panic where one does.
func sound(img image.Image) (image.Image, error) {
	b := img.Bounds()
	if b.Empty() {
		return nil, errors.New("a picture without pixels")
	}
	if p, ok := img.(*image.Paletted); ok && len(p.Palette) < 256 {
		// imaging looks colours up without a check (CVE-2023-36308).
		full := *p
		full.Palette = slices.Clone(p.Palette)
		for len(full.Palette) < 256 {
			full.Palette = append(full.Palette, color.NRGBA{A: 255})
		}
		img = &full
	}
	// Offsets grow with x and y, so the last pixel stands for all.
	img.At(b.Max.X-1, b.Max.Y-1)
	return img, nil
}

// errPanicked says that a decoder gave up in a way its author did not mean.
var errPanicked = errors.New("the decoder stumbled over it")

func recovered(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanicked, r)
		}
	}()
	return f()
}

// undecodable says for a decoder's error whether the bytes or the decoder are
// to blame.
func undecodable(err error) error {
	if _, told := errors.AsType[*domain.Error](err); told || err == nil {
		return err
	}
	if errors.Is(err, raw.ErrNoPreview) {
		return fail(domain.Unsupported, "decode", "export it as JPEG from your photo program", err)
	}
	if unsupported(err) {
		return fail(domain.Unsupported, "decode", "save it again as JPEG or PNG", err)
	}
	return fail(domain.Corrupt, "decode", "restore it from a backup, or save it again from a program that opens it",
		fmt.Errorf("the picture is damaged or cut short: %w", err))
}

func unsupported(err error) bool {
	if errors.Is(err, bmp.ErrUnsupported) || errors.Is(err, heif.ErrUnsupported) || errors.Is(err, tiff.ErrUnsupported) {
		return true
	}
	_, isPNG := errors.AsType[png.UnsupportedError](err)
	_, isTIFF := errors.AsType[xtiff.UnsupportedError](err)
	return isPNG || isTIFF || unsupportedPhoto(err)
}
