package main

import (
	"context"

	"vlocal/domain"
	"vlocal/preprocess"
)

// The box of small pictures, in pixels, and how many a page has unless it is told.
const (
	xlsxSide        = 96
	pageSide        = 240 // twice what is shown, for dense screens
	defaultPictures = 200
)

// thumbnails gives what makes small pictures of files. What is on the web has none:
// an export asks nobody for anything.
func thumbnails(ctx context.Context, side int) func(path string) []byte {
	machine := machineMemory()
	memory := preprocess.NewMemory(max(machine/4, leastMemory), machine/2)
	box := preprocess.Options{MaxWidth: side, MaxHeight: side, Quality: 75, Memory: memory}
	return func(path string) []byte {
		if domain.IsURL(path) {
			return nil
		}
		p, err := box.File(ctx, path)
		if err != nil {
			return nil // the row is there without
		}
		return p.JPEG
	}
}
