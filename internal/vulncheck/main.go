// Vulncheck looks for known vulnerabilities in what vlocal is built of, by
// govulncheck. It fails on one in a module that the program's code reaches. One in Go's
// own library is told and is no failure: the Go that builds decides on it, and the
// next one has the mend. Where the database of vulnerabilities cannot be reached, it
// says so and is content.
//
//	go run ./internal/vulncheck
//	go run ./internal/vulncheck -db file:///a/folder/of/osv/files
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	db := flag.String("db", "", "another database than Go's own, as a `URL`")
	flag.Parse()
	args := []string{"tool", "govulncheck", "-format", "json"}
	if *db != "" {
		args = append(args, "-db", *db)
	}
	cmd := exec.Command("go", append(args, "./...")...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case err != nil && unreachable.MatchString(said.String()):
		fmt.Printf("the database of vulnerabilities cannot be reached, so nothing was checked: %s\n", strings.TrimSpace(said.String()))
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "govulncheck: %v\n%s", err, &said)
		os.Exit(1)
	}
	modules, library, err := findings(&out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
	for _, f := range library {
		fmt.Println("in Go's own library:", f)
	}
	for _, f := range modules {
		fmt.Println("FOUND:", f)
	}
	fmt.Printf("%d reached in modules, %d in Go's own library\n", len(modules), len(library))
	if len(modules) > 0 {
		os.Exit(1)
	}
}

// unreachable is what govulncheck says when the network fails it, and only then.
var unreachable = regexp.MustCompile(`fetching vulnerabilities: .*(dial tcp|no such host|i/o timeout|connection re|TLS handshake|network is unreachable|proxyconnect)`)

// findings reads the stream of messages of govulncheck: the vulnerabilities whose
// code is called, in modules and in Go's own library.
//
// Source: https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck#Message
func findings(r io.Reader) (modules, library []string, err error) {
	for d := json.NewDecoder(r); ; {
		var m struct {
			Finding *struct {
				OSV          string `json:"osv"`
				FixedVersion string `json:"fixed_version"`
				Trace        []struct{ Module, Version, Package, Function string }
			}
		}
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return modules, library, nil
		case err != nil:
			return nil, nil, fmt.Errorf("read what govulncheck says: %w", err)
		}
		if m.Finding == nil || len(m.Finding.Trace) == 0 || m.Finding.Trace[0].Function == "" {
			continue // imported or required, and not called
		}
		at := m.Finding.Trace[0]
		f := fmt.Sprintf("https://pkg.go.dev/vuln/%s: %s of %s %s; fixed in %s", m.Finding.OSV, at.Package, at.Module, at.Version, m.Finding.FixedVersion)
		into := &modules
		if at.Module == "stdlib" {
			into = &library
		}
		if !slices.Contains(*into, f) {
			*into = append(*into, f)
		}
	}
}
