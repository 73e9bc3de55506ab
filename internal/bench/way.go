package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// program is what makes pictures.
type program struct {
	id, name string
	// threads says that one process uses all the cores that it is given; of other
	// programs there is a process for each core.
	threads bool
	// command makes a process for a job.
	command func(context.Context, job) (*exec.Cmd, error)
}

// job is what one process is to do.
type job struct {
	Files   []string
	Out     string // the folder for what is made
	Workers int
	// Imaging says to make them with disintegration/imaging.
	Imaging bool
}

// way is a program in a setting.
type way struct {
	program
	cores int
	// each says that every picture gets a process of its own.
	each bool
}

func (w way) label() string {
	if w.each {
		return w.name + ", a process for each"
	}
	return w.name
}

// jobs are those of the processes of a way, and whether they run at once.
func (w way) jobs(files []string, out string) (jobs []job, atOnce bool) {
	switch {
	case w.each:
		for _, f := range files {
			jobs = append(jobs, job{Files: []string{f}, Out: out, Workers: 1})
		}
		return jobs, false
	case w.threads || w.cores == 1:
		return []job{{Files: files, Out: out, Workers: w.cores}}, true
	}
	jobs = make([]job, w.cores)
	for i := range jobs {
		jobs[i] = job{Out: out, Workers: 1}
	}
	for i, f := range files {
		of := &jobs[i%w.cores]
		of.Files = append(of.Files, f)
	}
	return jobs, true
}

// measure makes the small pictures of files in out.
func (w way) measure(ctx context.Context, files []string, out string) (sum usage, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the processes that an error leaves
	jobs, atOnce := w.jobs(files, out)
	began := time.Now()
	var running []*exec.Cmd
	for _, j := range jobs {
		cmd, err := w.command(ctx, j)
		if err != nil {
			return sum, err
		}
		if err := startOn(w.cores, cmd); err != nil {
			return sum, fmt.Errorf("start %s: %w", cmd.Path, err)
		}
		if running = append(running, cmd); atOnce {
			continue
		}
		u, err := ended(cmd)
		if err != nil {
			return sum, err
		}
		sum.cpu, sum.peak = sum.cpu+u.cpu, max(sum.peak, u.peak)
	}
	if atOnce {
		for _, cmd := range running {
			u, failed := ended(cmd)
			err = errors.Join(err, failed)
			sum.cpu, sum.peak = sum.cpu+u.cpu, sum.peak+u.peak
		}
	}
	sum.wall = time.Since(began)
	return sum, err
}

// ended waits for a process.
func ended(cmd *exec.Cmd) (usage, error) {
	if err := cmd.Wait(); err != nil {
		return usage{}, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	s := cmd.ProcessState
	return usage{cpu: s.UserTime() + s.SystemTime(), peak: peakOf(s)}, nil
}
