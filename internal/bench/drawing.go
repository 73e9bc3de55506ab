package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"

	"vlocal/internal/testimage"
)

// drawing asks for sets of pictures in Dir. It is done in a process of its own: a
// process takes over the peak of memory of the one that starts it, so that must
// have stayed small (Linux, getrusage(2): ru_maxrss; exec keeps it).
type drawing struct {
	// Photos is a folder of folders of photos; it may not be there.
	Photos string
	Dir    string
	// Pictures is how many a set has at least.
	Pictures int
}

// set is pictures that are measured together.
type set struct {
	Name  string
	Files []string
}

// drawSets starts the process.
func drawSets(ctx context.Context, d drawing) (sets []set, err error) {
	p, err := launch(ctx, roleDraw, d)
	if err != nil {
		return nil, err
	}
	if err := readLine(p.out, &sets); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return sets, p.end()
}

// drawFrom makes what stands in the first line of in, and writes the sets to out.
func drawFrom(in io.Reader, out io.Writer) error {
	var d drawing
	if err := readLine(bufio.NewReader(in), &d); err != nil {
		return err
	}
	madeUp := testimage.JPEG(testimage.Landscape(4032, 3024), 95)
	one, err := d.set(fmt.Sprintf("A made-up photo of 4032 x 3024 pixels, 4:2:0, %.1f MB", float64(len(madeUp))/1e6), madeUp)
	if err != nil {
		return err
	}
	sets := []set{one}
	real, err := d.photos()
	if err != nil {
		return err
	}
	if len(real) > 0 {
		many, err := d.set(fmt.Sprintf("%d real photos that are larger than the box", len(real)), real...)
		if err != nil {
			return err
		}
		sets = append(sets, many)
	} else {
		fmt.Fprintln(os.Stderr, "images: goes on without real photos: there are none in", d.Photos)
	}
	return json.NewEncoder(out).Encode(sets)
}

// photos gives the JPEGs that all can decode, and have to make smaller.
func (d drawing) photos() (all [][]byte, err error) {
	files, err := filepath.Glob(filepath.Join(d.Photos, "*", "*.jpg"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width <= boxWidth && config.Height <= boxHeight {
			continue
		}
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			continue // damaged: libvips shows none of it
		}
		all = append(all, data)
	}
	return all, nil
}

// set writes as many copies of pictures as it takes, each under a name of its own so
// that no program can remember it.
func (d drawing) set(name string, pictures ...[]byte) (set, error) {
	s := set{Name: name}
	for c := range (d.Pictures + len(pictures) - 1) / len(pictures) {
		for i, data := range pictures {
			path := filepath.Join(d.Dir, fmt.Sprintf("%d-%d-%d.jpg", len(pictures), i, c))
			if err := os.WriteFile(path, data, 0o600); err != nil {
				return s, err
			}
			s.Files = append(s.Files, path)
		}
	}
	return s, nil
}
