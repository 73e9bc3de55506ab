package main

import (
	"fmt"
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/urfave/cli/v2"

	"vlocal/preprocess"
)

// memoryFlag is the budget of the pictures that are prepared at the same moment.
var memoryFlag = &cli.StringFlag{
	Name:  "memory",
	Usage: "prepare pictures in `SIZE` of memory, such as 512MB or 2GiB; default: a quarter of this machine's",
}

const (
	// leastMemory is what --memory takes at least, in bytes: a phone's photo of 12
	// megapixels is prepared in less.
	leastMemory = 32_000_000
	// unknownMemory stands for the memory of a machine that does not tell.
	unknownMemory = 4 << 30
	// beside is what the program takes beside pictures, in bytes: measured, and
	// rounded up.
	beside = 64 << 20
)

// memoryOf gives the budget that --memory says, and tells Go's runtime of it. A
// picture that is alone may take half of the machine's memory.
func memoryOf(c *cli.Context) (*preprocess.Memory, error) {
	machine := machineMemory()
	budget := max(machine/4, leastMemory)
	if text := c.String(memoryFlag.Name); text != "" {
		var err error
		if budget, err = parseSize(text); err != nil {
			return nil, usagef("%s %q: %v", called(c, memoryFlag.Name), text, err)
		}
		if budget < leastMemory {
			return nil, usagef("%s %s: it takes at least %s", called(c, memoryFlag.Name), text, sizeText(leastMemory))
		}
	}
	limitGarbage(budget)
	return preprocess.NewMemory(budget, machine/2), nil
}

// machineMemory is what this machine has, in bytes, or what the container that the
// program runs in may use of it, where that is less.
func machineMemory() int64 {
	memory := uint64(math.MaxUint64)
	for _, tell := range []memlimit.Provider{memlimit.FromSystem, memlimit.FromCgroup} {
		if n, err := tell(); err == nil { // most machines have no limit of a container
			memory = min(memory, n)
		}
	}
	if memory > math.MaxInt64 {
		return unknownMemory
	}
	return int64(memory)
}

// limitGarbage lets what pictures leave behind not take the process far beyond the
// budget: near it, garbage is collected earlier. GOMEMLIMIT, where it is set, counts.
func limitGarbage(budget int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(budget + min(beside, math.MaxInt64-budget))
	}
}

// memoryHint says what to do about a picture that takes more memory than it may.
func memoryHint(e *preprocess.MemoryError) string {
	return fmt.Sprintf("allow it with --memory %s if this machine has that to spare, save a smaller copy of it, or exclude it",
		sizeText(e.Need))
}
