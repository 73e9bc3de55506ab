// Package preprocess turns the bytes of an image file into what a vision model
// is sent: a JPEG that stands upright, fits into a box and carries no metadata.
// On the way it tells what the file is: hash, size, format, when, where and with what
// it was taken, and what it looks like (phash).
//
// Of a camera's raw file the largest preview is taken: width and height are those of
// that preview, the format is that of the raw file.
//
// It also answers, for a scan, whether a file is an image at all: Sniff and
// NamedLikeImage.
//
// Originals are opened for reading only, and read once. The package knows
// neither the database nor the network.
package preprocess

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"vlocal/domain"
)

// What a zero field of Options means.
const (
	// DefaultMaxWidth and DefaultMaxHeight are in pixels.
	DefaultMaxWidth, DefaultMaxHeight = 1920, 1080
	// DefaultQuality is the JPEG quality.
	DefaultQuality = 85
	// DefaultMaxPixels lets the largest medium format cameras pass (150
	// megapixels). Decoded, such a picture takes up to 8 bytes a pixel.
	DefaultMaxPixels = 155_000_000
	// DefaultMaxFileBytes is 512 MiB.
	DefaultMaxFileBytes = 512 << 20
)

// maxSide bounds the longer side, in pixels. Resizing takes about 100 bytes of
// memory for each pixel of a side, whatever the other side is; JPEG, GIF and
// WebP cannot pass 65,535 anyway.
const maxSide = 200_000

// maxJPEGSide is the longest that a JPEG can be (ITU T.81, B.2.2).
const maxJPEGSide = 65_535

// Options say what the JPEG must look like. The zero value means the defaults:
// 1920x1080, quality 85. A field that is 0 or less means its default.
type Options struct {
	// MaxWidth and MaxHeight are the box, in pixels, that the upright picture
	// is fitted into. It is never enlarged.
	MaxWidth, MaxHeight int
	// Quality is that of the JPEG, 1 to 100. A JPEG of at most that quality which
	// needs nothing done to it is left as it is, less its metadata, where that is
	// smaller than encoding it again.
	Quality int
	// MaxPixels bounds width times height of the source; DefaultMaxPixels.
	MaxPixels int64
	// MaxFileBytes bounds the size of the file; DefaultMaxFileBytes.
	MaxFileBytes int64
	// MaxBytes bounds the JPEG, in bytes. One that would have more gets a lower
	// quality, down to LeastQuality; where that is not enough, it becomes
	// smaller, in steps, until its longer side comes to LeastSide. What cannot
	// be made to fit is TooLarge. 0 is no bound.
	MaxBytes int
	// Memory bounds what pictures take while they are prepared, with all others
	// that share it; nil for no bound. What a picture takes is known from its
	// header, before anything is decoded: its pixels, and its file.
	Memory *Memory
}

func (o Options) withDefaults() Options {
	set(&o.MaxWidth, DefaultMaxWidth)
	set(&o.MaxHeight, DefaultMaxHeight)
	o.MaxWidth, o.MaxHeight = min(o.MaxWidth, maxJPEGSide), min(o.MaxHeight, maxJPEGSide)
	set(&o.Quality, DefaultQuality)
	set(&o.MaxPixels, DefaultMaxPixels)
	set(&o.MaxFileBytes, DefaultMaxFileBytes)
	return o
}

// set gives v its default, if it has no value of its own.
func set[T int | int64](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Picture is what a model is sent, and what is known of the file it came from.
type Picture struct {
	domain.Picture
	// Source is about the file.
	Source domain.Facts
}

// File prepares the file at path. It never blocks on opening one: what is not
// a regular file (a folder, a pipe, a device) is unreadable.
//
// Every error is a *domain.Error of kind Unreadable, Unsupported, Corrupt or
// TooLarge, with the path as its object; or of kind Interrupted when ctx was
// done, which is looked at between the steps, and within those that may take long. With an error,
// Picture.Source holds what is known so far.
func (o Options) File(ctx context.Context, path string) (Picture, error) {
	o = o.withDefaults()
	object := domain.PathText(path)
	if err := interrupted(ctx); err != nil {
		return Picture{}, about(object, err)
	}
	data, err := read(path, o.MaxFileBytes)
	if err != nil {
		return Picture{}, about(object, err)
	}
	p, err := o.Bytes(ctx, data)
	return p, about(object, err)
}

// Bytes prepares the bytes of a file. Its errors are those of File, without an
// object. It does not keep or change data.
func (o Options) Bytes(ctx context.Context, data []byte) (Picture, error) {
	o = o.withDefaults()
	facts := domain.Facts{SHA256: sha256.Sum256(data)}
	c, need, err := o.identify(data, &facts)
	if err != nil {
		return Picture{Source: facts}, err
	}
	colours := coloursOf(facts.Format, data)
	need += int64(len(data)) + colours.bytes()
	if err := o.Memory.allows(need); err != nil {
		return Picture{Source: facts}, err
	}
	release, err := o.Memory.acquire(ctx, need)
	if err != nil {
		return Picture{Source: facts}, interrupted(ctx)
	}
	defer release()
	if photo := photoIn(facts.Format, data); photo != nil {
		p, warning, err := o.photo(photo, facts.Orientation, colours.conversion())
		facts.Warning, facts.Hash = warning, p.Source.Hash
		p.Source = facts
		return p, err
	}
	img, err := c.decodeSafely(ctx, data)
	if err != nil {
		return Picture{Source: facts}, err
	}
	p, err := o.render(img, facts.Orientation, colours.conversion())
	facts.Hash = p.Source.Hash
	p.Source = facts
	return p, err
}

// identify finds the decoder for data, says how many bytes of memory decoding
// takes, and fills in what can be known without that. Its error says why the
// picture is not to be decoded.
func (o Options) identify(data []byte, facts *domain.Facts) (c codec, need int64, err error) {
	if len(data) == 0 {
		return c, 0, fail(domain.Corrupt, "decode", "copy it again from where it came from",
			errors.New("the file is empty"))
	}
	if int64(len(data)) > o.MaxFileBytes {
		return c, 0, tooManyBytes(int64(len(data)), o.MaxFileBytes)
	}
	format, ok := Sniff(data)
	if !ok {
		return c, 0, notAnImage(data)
	}
	facts.Format = format
	c, ok = codecs[format]
	if !ok {
		return c, 0, fail(domain.Unsupported, "decode", hintFor(format),
			fmt.Errorf("%s pictures cannot be read yet", strings.ToUpper(format)))
	}
	config, err := c.sizeSafely(data)
	if err != nil {
		return c, 0, err
	}
	w, h := config.Width, config.Height
	m := readMetadata(format, data)
	facts.Orientation, facts.TakenAt = m.orientation, m.takenAt
	facts.Camera, facts.Lens, facts.Place = m.camera, m.lens, m.place
	facts.Width, facts.Height = upright(w, h, m.orientation)
	if int64(w)*int64(h) > o.MaxPixels || max(w, h) > maxSide {
		return c, 0, fail(domain.TooLarge, "decode", "save a smaller copy of it, or exclude it",
			fmt.Errorf("the picture claims %d x %d pixels; at most %d megapixels and %d pixels a side are decoded",
				w, h, o.MaxPixels/1_000_000, maxSide))
	}
	if photo := photoIn(format, data); photo != nil {
		return c, o.photoBytes(photo, facts.Orientation), nil
	}
	fits := w <= o.MaxWidth && h <= o.MaxHeight
	return c, decodedBytes(format, config, data, fits), nil
}

func notAnImage(data []byte) error {
	kind, _, _ := strings.Cut(http.DetectContentType(data), ";")
	why := errors.New("not an image: no known format begins like this")
	if kind != "application/octet-stream" {
		why = fmt.Errorf("not an image: it looks like %s", kind)
	}
	return fail(domain.Unsupported, "decode", "rename or exclude it, if it is not a picture", why)
}

func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fail(domain.Interrupted, "prepare", "", context.Cause(ctx))
}

func fail(kind domain.ErrorKind, op, hint string, err error) *domain.Error {
	return &domain.Error{Kind: kind, Op: op, Err: err, Hint: hint}
}

// about says which file an error of this package is about.
func about(object string, err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		e.Object = object
	}
	return err
}
