package main

import (
	"bufio"
	"bytes"
	"context"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/disintegration/imaging"
	"golang.org/x/sync/errgroup"

	"vlocal/preprocess"
)

// prepareFrom does the job that stands in the first line of in.
func prepareFrom(ctx context.Context, in io.Reader) error {
	var j job
	if err := readLine(bufio.NewReader(in), &j); err != nil {
		return err
	}
	make := small
	if j.Imaging {
		make = smallByImaging
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(j.Workers, 1))
	for _, path := range j.Files {
		group.Go(func() error {
			data, err := make(ctx, path)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".jpg"
			return os.WriteFile(filepath.Join(j.Out, name), data, 0o600)
		})
	}
	return group.Wait()
}

// small is vlocal's way.
func small(ctx context.Context, path string) ([]byte, error) {
	p, err := preprocess.Options{MaxWidth: boxWidth, MaxHeight: boxHeight, Quality: quality}.File(ctx, path)
	return p.JPEG, err
}

// smallByImaging decodes the whole with image/jpeg, and resizes that.
func smallByImaging(_ context.Context, path string) ([]byte, error) {
	img, err := imaging.Open(path, imaging.AutoOrientation(true))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, imaging.Fit(img, boxWidth, boxHeight, imaging.Lanczos), &jpeg.Options{Quality: quality})
	return out.Bytes(), err
}
