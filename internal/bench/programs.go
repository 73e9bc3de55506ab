package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// vipsthumbnail is libvips's own maker of small pictures.
const vipsthumbnail = "vipsthumbnail"

var (
	vlocal       = program{id: "vlocal", name: "vlocal", threads: true, command: prepares}
	imagingWhole = program{id: "imaging", name: "imaging, decoded whole, Lanczos", threads: true,
		command: func(ctx context.Context, j job) (*exec.Cmd, error) {
			j.Imaging = true
			return prepares(ctx, j)
		}}
)

// prepares makes a process of this program for a job.
func prepares(ctx context.Context, j job) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(j)
	cmd := exec.CommandContext(ctx, self, "-role", rolePrepare)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(append(line, '\n')), os.Stderr
	cmd.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", j.Workers))
	return cmd, err
}

// findVips looks for vipsthumbnail, which makes many pictures in one call.
func findVips(ctx context.Context) (program, error) {
	path, err := exec.LookPath(vipsthumbnail)
	if err != nil {
		return program{}, errors.New("vipsthumbnail: it is not installed (Debian has it in libvips-tools)")
	}
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return program{}, fmt.Errorf("vipsthumbnail: %w", err)
	}
	return program{
		id: vipsthumbnail, name: fmt.Sprintf("vipsthumbnail (%s)", strings.TrimSpace(string(version))),
		command: func(ctx context.Context, j job) (*exec.Cmd, error) {
			args := []string{
				"--size", fmt.Sprintf("%dx%d>", boxWidth, boxHeight),
				"-o", filepath.Join(j.Out, fmt.Sprintf("%%s.jpg[Q=%d,strip]", quality)),
			}
			cmd := exec.CommandContext(ctx, path, append(args, j.Files...)...)
			cmd.Env = append(os.Environ(), "VIPS_CONCURRENCY=1")
			return cmd, nil
		},
	}, nil
}

//go:embed pillow.py
var pillowScript string

// findPillow looks for a Python that has Pillow: the system's first, as that is
// the one which Debian's package is for.
func findPillow(ctx context.Context) (program, error) {
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		version, err := exec.CommandContext(ctx, name, "-c", "import PIL; print(PIL.__version__)").Output()
		if err != nil {
			continue // the next may have it
		}
		return program{
			id: "pillow", name: fmt.Sprintf("Pillow %s, draft, Lanczos", strings.TrimSpace(string(version))),
			command: func(ctx context.Context, j job) (*exec.Cmd, error) {
				args := []string{"-c", pillowScript, j.Out, fmt.Sprint(boxWidth), fmt.Sprint(boxHeight), fmt.Sprint(quality)}
				cmd := exec.CommandContext(ctx, name, append(args, j.Files...)...)
				cmd.Stderr = os.Stderr
				return cmd, nil
			},
		}, nil
	}
	return program{}, errors.New("pillow: no Python here has it (Debian has it in python3-pil)")
}
