package heif

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// tiles are the parts that a picture is stored in, row by row.
type tiles struct {
	size       image.Point // of each
	cols, rows int
	items      []*item
}

// maxTiles bounds the tiles of a grid. Even the smallest takes a while; with those of
// telephones, of 512 x 512 pixels, so many are 655 megapixels.
const maxTiles = 2500

// tiles gives the parts of a grid (ISO/IEC 23008-12, 6.6.2.3), or the picture
// itself.
func (p *Picture) tiles() (tiles, error) {
	if p.it.kind != "grid" {
		return tiles{p.canvas, 1, 1, []*item{p.it}}, nil
	}
	b, err := p.c.content(p.it)
	if err != nil {
		return tiles{}, err
	}
	r := &cursor{b: b}
	r.number(1)
	n := 2
	if r.number(1)&1 != 0 {
		n = 4
	}
	t := tiles{rows: int(r.number(1)) + 1, cols: int(r.number(1)) + 1}
	w, h := int(r.number(n)), int(r.number(n))
	if r.short || image.Pt(w, h) != p.canvas {
		return tiles{}, errors.New("the grid is not as large as the picture")
	}
	if t.rows*t.cols > maxTiles {
		return tiles{}, fmt.Errorf("%w: a grid of more than %d tiles", ErrUnsupported, maxTiles)
	}
	if len(p.it.of) != t.rows*t.cols {
		return tiles{}, errors.New("the grid does not have all its tiles")
	}
	for i, id := range p.it.of {
		it := p.c.item(id)
		size, err := p.c.size(it)
		if err != nil {
			return tiles{}, err
		}
		if i == 0 {
			t.size = size
		}
		if it.kind != "hvc1" || size != t.size {
			return tiles{}, fmt.Errorf("%w: tiles of different kinds", ErrUnsupported)
		}
		t.items = append(t.items, it)
	}
	// Every row and column has something of the picture. A tile may be larger than a
	// small picture, but not by much.
	if t.size.X*t.cols < w || t.size.Y*t.rows < h || t.size.X*(t.cols-1) >= w || t.size.Y*(t.rows-1) >= h ||
		t.size.X > w+1024 || t.size.Y > h+1024 {
		return tiles{}, errors.New("the tiles are not as large as the picture")
	}
	return t, nil
}

// perInstance says how many tiles of a size one instance of the decoder takes. It
// does not free what it decoded, and it takes a while to make one.
func perInstance(size image.Point) int {
	const pixels = 2 << 20
	return min(max(pixels/((size.X+64)*(size.Y+64)), 1), 256)
}

// running has a place for each instance of a decoder that runs: more than there are
// processors would only take memory.
var running = semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))

// Decode gives the pixels, as stored. Those of a grid come tile by tile, on all
// processors that no other picture is decoded on. When ctx is done, it ends within
// moments, with its cause.
func (p *Picture) Decode(ctx context.Context) (image.Image, error) {
	img, err := p.decode(ctx)
	if err != nil {
		return nil, err
	}
	return cropped(img, p.crop), nil
}

func (p *Picture) decode(ctx context.Context) (image.Image, error) {
	if p.av1 {
		if err := running.Acquire(ctx, 1); err != nil {
			return nil, context.Cause(ctx)
		}
		defer running.Release(1)
		return p.decodeAV1(ctx)
	}
	t, err := p.tiles()
	if err != nil {
		return nil, err
	}
	all := mosaic{size: p.canvas}
	each := perInstance(t.size)
	group, within := errgroup.WithContext(ctx)
	for from := 0; from < len(t.items); from += each {
		if running.Acquire(within, 1) != nil {
			break // ctx or the group knows why
		}
		group.Go(func() error {
			defer running.Release(1)
			return p.decodeTiles(within, t, from, min(from+each, len(t.items)), &all)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return all.image(), nil
}

// decodeTiles adds some tiles to the mosaic, all with one instance of the decoder.
func (p *Picture) decodeTiles(ctx context.Context, t tiles, from, to int, all *mosaic) error {
	in, err := hevc.open(ctx, hevcLimit(t.size))
	if err != nil {
		return err
	}
	defer in.close(ctx)
	for i := from; i < to; i++ {
		tile, err := p.decodeTile(ctx, in, t.items[i])
		if err != nil {
			return err
		}
		if err := all.add(tile, image.Pt(i%t.cols*t.size.X, i/t.cols*t.size.Y)); err != nil {
			return err
		}
	}
	return nil
}

// mosaic is a picture that is put together from tiles of one kind.
type mosaic struct {
	size   image.Point
	mu     sync.Mutex // for what follows
	planes *image.YCbCr
	canvas draw.Image // where the tiles are not YCbCr
}

var errMixed = errors.New("tiles of different colours")

func (m *mosaic) add(tile image.Image, at image.Point) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := image.Rectangle{Max: m.size}
	if tile, ok := tile.(*image.YCbCr); ok {
		if m.canvas != nil {
			return errMixed
		}
		if m.planes == nil && tile.Rect == all {
			m.planes = tile
			return nil
		}
		if m.planes == nil {
			m.planes = image.NewYCbCr(all, tile.SubsampleRatio)
		}
		return place(m.planes, tile, at)
	}
	if m.planes != nil {
		return errMixed
	}
	if m.canvas == nil {
		m.canvas = image.NewNRGBA(all)
		if _, grey := tile.(*image.Gray); grey {
			m.canvas = image.NewGray(all)
		}
	}
	draw.Draw(m.canvas, tile.Bounds().Add(at), tile, image.Point{}, draw.Src)
	return nil
}

func (m *mosaic) image() image.Image {
	if m.planes != nil {
		return m.planes
	}
	return m.canvas
}

// place puts a tile where it belongs, as far as it is within the picture. Chroma
// goes along, so its left and top must be even where chroma is halved.
func place(dst, tile *image.YCbCr, at image.Point) error {
	if dst.SubsampleRatio != tile.SubsampleRatio {
		return errMixed
	}
	if dst.SubsampleRatio != image.YCbCrSubsampleRatio444 && (at.X|at.Y)&1 != 0 {
		return fmt.Errorf("%w: tiles of an odd size", ErrUnsupported)
	}
	seen := tile.Rect.Add(at).Intersect(dst.Rect)
	n := seen.Dx()
	for y := range seen.Dy() {
		copy(dst.Y[dst.YOffset(at.X, at.Y+y):][:n], tile.Y[y*tile.YStride:])
	}
	last := dst.COffset(seen.Max.X-1, at.Y) - dst.COffset(at.X, at.Y) + 1
	rows := (dst.COffset(at.X, seen.Max.Y-1)-dst.COffset(at.X, at.Y))/dst.CStride + 1
	for y := range rows {
		to := dst.COffset(at.X, at.Y) + y*dst.CStride
		copy(dst.Cb[to:to+last], tile.Cb[y*tile.CStride:])
		copy(dst.Cr[to:to+last], tile.Cr[y*tile.CStride:])
	}
	return nil
}

// cropped gives what is to be seen of img, with its corner at zero where the
// picture is not cropped.
func cropped(img image.Image, crop image.Rectangle) image.Image {
	if s, ok := img.(interface {
		SubImage(image.Rectangle) image.Image
	}); ok && img.Bounds() != crop {
		return s.SubImage(crop)
	}
	return img
}

// decodeTile gives the pixels of an item, in the colours of JPEG.
func (p *Picture) decodeTile(ctx context.Context, in *instance, it *item) (image.Image, error) {
	config := p.c.property(it, "hvcC")
	stream, err := p.c.content(it)
	if err != nil {
		return nil, err
	}
	size, err := p.c.size(it)
	if err != nil {
		return nil, err
	}
	seq, ok := sequenceOf(config)
	if !ok {
		return nil, errors.New("the tile's header cannot be read")
	}
	// The stream's pictures are whole blocks, which are at most 64 pixels wide.
	if seq.width > size.X+64 || seq.height > size.Y+64 || seq.width < size.X || seq.height < size.Y {
		return nil, fmt.Errorf("the tile is %d x %d pixels, and not %v as it says", seq.width, seq.height, size)
	}
	img, err := in.decodeHEVC(ctx, single(config, stream, size), size)
	if err != nil {
		return nil, err
	}
	c := seq.colour
	for _, of := range []*item{it, p.it} { // the picture's own goes before the tile's
		for _, prop := range p.c.properties(of) {
			if t, ok := told(prop.body); ok && prop.kind == "colr" {
				c = t
			}
		}
	}
	switch img := img.(type) {
	case *image.YCbCr:
		c.toJPEG(img)
	case *image.Gray:
		c.toLevels(img)
	}
	return img, nil
}
