package heif

import (
	"errors"
	"image"
	"sync"
	"testing"

	"github.com/gen2brain/avif"
	"github.com/gen2brain/heic"

	"vlocal/internal/testimage"
)

// Were a library of the machine taken, pictures would look different from one
// machine to the next.
func TestLibrariesOfTheMachineAreNotUsed(t *testing.T) {
	if heic.Dynamic() == nil || avif.Dynamic() == nil {
		t.Error("a libheif or libavif of this machine is used")
	}
}

func TestPicturesAreDecodedAtTheSameTime(t *testing.T) {
	data := testimage.HEIC(testimage.Landscape(96, 64), testimage.HEIF{Tile: 32})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			p, err := Open(data)
			if err == nil {
				_, err = p.Decode(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestInstanceTakesNoMoreThanItsLimit(t *testing.T) {
	in, err := hevc.open(t.Context(), wasmBase)
	if err != nil {
		t.Fatal(err)
	}
	defer in.close(t.Context())
	if in.alloc(t.Context(), wasmBase/2); in.err != nil {
		t.Fatal(in.err)
	}
	if in.alloc(t.Context(), wasmBase); in.err == nil {
		t.Error("twice the limit was given")
	}
}

// What Memory says must be enough: else sound pictures would fail.
func TestMemoryIsEnoughForEverySizeOfTile(t *testing.T) {
	for _, size := range []image.Point{{2, 2}, {64, 2}, {130, 66}, {300, 200}} {
		for _, tile := range []int{0, 16, 64, 256} {
			p, err := Open(testimage.HEIC(testimage.Gray(testimage.Landscape(size.X, size.Y)), testimage.HEIF{Tile: tile}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Decode(t.Context()); err != nil {
				t.Errorf("%v in tiles of %d: %v", size, tile, err)
			}
		}
	}
}

func TestGridOfTooManyTilesIsUnsupported(t *testing.T) {
	p, err := Open(testimage.HEIC(testimage.Landscape(16, 16), testimage.HEIF{Repeat: image.Pt(100, 30)}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Decode(t.Context()); !errors.Is(err, ErrUnsupported) {
		t.Errorf("it ended with %v", err)
	}
}
