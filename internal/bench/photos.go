package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"vlocal/internal/loadserver"
	"vlocal/internal/testimage"
)

var photosScenario = scenario{
	name: "photos",
	about: "The whole program, from a folder to answers: photos of 12 megapixels (4032 x 3024), each of other bytes, " +
		"fitted into 1920 x 1080. The server answers at once.",
	columns: []string{"photos", "answered", "--memory", "photos a second", "CPU per photo", "peak memory"},
	rows: func(s settings) (rows []row) {
		const w, h = 4032, 3024
		add := func(label string, p photos) {
			for _, p.Memory = range []string{"", "64MB"} {
				given := p
				rows = append(rows, row{label: label, server: loadserver.Options{Seed: s.seed}, client: client{Photos: &given}})
			}
		}
		add("JPEG", photos{Count: s.photos, Width: w, Height: h})
		add("JPEG, every tenth a PNG", photos{Count: s.photos, Width: w, Height: h, PNG: 10})
		if s.folder != "" {
			add("the files of a folder, in turn", photos{Count: s.photos, Folder: s.folder})
		}
		return rows
	},
	cells: func(r row, got result) []string {
		return []string{
			strconv.Itoa(r.client.Photos.Count), strconv.Itoa(got.Server.Answered),
			cmp.Or(r.client.Photos.Memory, "default"),
			fmt.Sprintf("%.1f", float64(got.Server.Answered)/got.Client.Elapsed.Seconds()),
			cpuPer(got.Client.CPU, r.client.Photos.Count), megabytes(got.Client.PeakBytes),
		}
	},
}

// photos say what a folder holds that the whole program is run on.
type photos struct {
	// Count is how many there are, Width and Height the pixels of those made up.
	Count, Width, Height int
	// PNG says that every so manieth is a PNG, 0 that none is.
	PNG int
	// Folder has the files to take in turn; "" for made-up ones.
	Folder string
	// Memory is the program's --memory; "" for its default.
	Memory string
}

// measureProgram builds the program and runs it on a folder of photos.
func (c client) measureProgram(ctx context.Context) (got clientResult, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return got, err
	}
	defer os.RemoveAll(dir)
	folder, program, db := filepath.Join(dir, "photos"), filepath.Join(dir, "vlocal.exe"), filepath.Join(dir, "vlocal.db")
	if err := c.Photos.write(folder); err != nil {
		return got, err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "vlocal/cmd/vlocal").CombinedOutput(); err != nil {
		return got, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	args := []string{"--db", db, "run", folder, "--prompt", "What is in this photo?", "--base-url", c.URL, "--model", "load", "--quiet"}
	if c.Photos.Memory != "" {
		args = append(args, "--memory", c.Photos.Memory)
	}
	run := exec.CommandContext(ctx, program, args...)
	run.Env = append(os.Environ(), "VLOCAL_API_KEY=bench-key-0001")
	got.Setup = time.Since(began)
	started := time.Now()
	out, err := run.CombinedOutput()
	got.Elapsed = time.Since(started)
	const someFailed = 3
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != someFailed) {
		return got, fmt.Errorf("run the program: %w\n%s", err, out)
	}
	got.CPU = run.ProcessState.UserTime() + run.ProcessState.SystemTime()
	got.PeakBytes = peakOf(run.ProcessState)
	return got, nil
}

// write makes the folder.
func (p photos) write(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	originals, err := p.originals()
	if err != nil {
		return err
	}
	for i := range p.Count {
		o := originals[i%len(originals)]
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%06d%s", i, o.extension)), numbered(o.data, i), 0o600); err != nil {
			return err
		}
	}
	return nil
}

type original struct {
	data      []byte
	extension string
}

// originals are the photos to take in turn.
func (p photos) originals() (all []original, err error) {
	if p.Folder == "" {
		scene := testimage.Landscape(p.Width, p.Height)
		all = append(all, original{testimage.JPEG(scene, 92), ".jpg"})
		for len(all) < p.PNG {
			all = append(all, all[0])
		}
		if p.PNG > 0 {
			all[p.PNG-1] = original{testimage.PNG(scene), ".png"}
		}
		return all, nil
	}
	entries, err := os.ReadDir(p.Folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(p.Folder, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, original{data, filepath.Ext(e.Name())})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there are no files in %s", p.Folder)
	}
	return all, nil
}

// numbered gives the same picture in other bytes: a JPEG gets a comment (ITU-T T.81,
// B.2.4.5), anything else a box of free space at its end (ISO/IEC 14496-12, 8.1.2),
// which is part of a HEIC and no part of other files.
func numbered(data []byte, i int) []byte {
	number := binary.BigEndian.AppendUint64(nil, uint64(i))
	if bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		comment := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 2 + 8}, number...)
		return append(comment, data[2:]...)
	}
	return append(append(bytes.Clone(data), "\x00\x00\x00\x10free"...), number...)
}
