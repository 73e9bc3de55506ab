package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/semaphore"

	"vlocal/domain"
	"vlocal/fetch"
	"vlocal/preprocess"
	"vlocal/scan"
)

// fetches is how many images are fetched at once. There are so many preparers
// beside those that the processors allow; each may hold the bytes of one image,
// so this bounds memory too.
const fetches = 8

// pictures prepares what is sent of an image, wherever it is.
type pictures struct {
	box preprocess.Options
	web *fetch.Fetcher
	// pass says that URLs go to the model's server as they are.
	pass bool
	// fetching has a place for each fetch: the time that is given to an image
	// does not begin while it waits for one.
	fetching *semaphore.Weighted
	// decoding has a place for each processor in use: a decoded picture takes
	// much memory.
	decoding *semaphore.Weighted
}

// picturesOf takes from the flags how the pictures of a task are to be prepared.
func picturesOf(c *cli.Context, task domain.Task, memory *preprocess.Memory) pictures {
	p := newPictures(
		preprocess.Options{
			MaxWidth: task.MaxWidth, MaxHeight: task.MaxHeight, Quality: task.Quality, MaxBytes: task.MaxBytes,
			Memory: memory,
		},
		fetch.Options{AllowPrivate: c.Bool(allowPrivateFlag), UserAgent: "vlocal/" + version},
	)
	p.pass = urlMode(c.String("url-mode")) == passURLs
	return p
}

func newPictures(box preprocess.Options, web fetch.Options) pictures {
	web.MaxConnsPerHost = fetches
	return pictures{
		box:      box,
		web:      fetch.New(web),
		fetching: semaphore.NewWeighted(fetches),
		decoding: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
	}
}

// preparers is how many pictures may be under way in prepare: as many as there
// are processors are decoded, the others are on their way here.
func (p pictures) preparers() int { return runtime.GOMAXPROCS(0) + fetches }

// prepare is a worker.Prepare: of a URL that is passed it gives just that, of
// anything else the JPEG to send. A URL that the model's server was passed once,
// in vain, is fetched here.
func (p pictures) prepare(ctx context.Context, j domain.Job) (preprocess.Picture, error) {
	path := j.Image.Path
	switch {
	case !domain.IsURL(path):
		return p.file(ctx, path)
	case p.pass && j.Tries == 0:
		return passed(path)
	}
	return p.fetched(ctx, path)
}

// file prepares a local file.
func (p pictures) file(ctx context.Context, path string) (preprocess.Picture, error) {
	picture, err := p.decode(ctx, path, func() (preprocess.Picture, error) { return p.box.File(ctx, path) })
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind == domain.Unreadable && scan.Away(path) {
		e.Away = true
		e.Hint = "its folder is empty or cannot be reached: plug its drive in and run again; if the photos are gone for good: vlocal doctor --mend"
	}
	return picture, err
}

// passed gives a URL as it goes over the wire: a list may have it with spaces and
// letters of any script.
func passed(address string) (preprocess.Picture, error) {
	u, err := url.Parse(address)
	if err != nil {
		return preprocess.Picture{}, &domain.Error{
			Kind: domain.Unreadable, Op: "send", Object: address, Source: true, Err: errors.New("not an address"),
		}
	}
	return preprocess.Picture{Picture: domain.Picture{URL: u.String()}}, nil
}

// fetched gets the image at a URL and prepares it like a file. It is also what
// is left where the model's server cannot fetch a URL that it was passed.
func (p pictures) fetched(ctx context.Context, address string) (preprocess.Picture, error) {
	if p.fetching.Acquire(ctx, 1) != nil {
		return preprocess.Picture{}, interrupted(ctx, address)
	}
	data, err := p.web.Get(ctx, address)
	p.fetching.Release(1)
	if err != nil {
		return preprocess.Picture{}, err
	}
	picture, err := p.decode(ctx, address, func() (preprocess.Picture, error) { return p.box.Bytes(ctx, data) })
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind != domain.Interrupted {
		e.Hint = cmp.Or(webHint(picture.Source.Format, data), e.Hint)
	}
	return picture, err
}

// decode waits for a processor and says which image an error is about.
func (p pictures) decode(ctx context.Context, path string, do func() (preprocess.Picture, error)) (preprocess.Picture, error) {
	if p.decoding.Acquire(ctx, 1) != nil {
		return preprocess.Picture{}, interrupted(ctx, path)
	}
	defer p.decoding.Release(1)
	picture, err := do()
	if e, ok := errors.AsType[*domain.Error](err); ok {
		e.Object = domain.PathText(path)
		if m, ok := errors.AsType[*preprocess.MemoryError](e.Err); ok {
			e.Hint = memoryHint(m)
		}
	}
	return picture, err
}

func interrupted(ctx context.Context, path string) *domain.Error {
	return &domain.Error{
		Kind: domain.Interrupted, Op: "prepare", Object: domain.PathText(path), Err: context.Cause(ctx),
	}
}

// webHint says what to do about bytes from the web that cannot be used; "" where
// what holds of files holds of them.
func webHint(format string, data []byte) string {
	switch {
	case format != "":
		return ""
	case strings.HasPrefix(http.DetectContentType(data), "text/html"):
		return "the address leads to a page; list the address of the picture itself"
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return "the image's server packed it although it was asked not to; download it and run on the file"
	}
	return "open the address in a browser and see what it gives"
}
