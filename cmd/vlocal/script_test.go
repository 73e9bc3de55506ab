package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zalando/go-keyring"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/keys"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vlocal": withKeychain,
		"exits":  exits,
	})
}

// withKeychain is the program with a keychain that is the file $TEST_KEYCHAIN,
// or, without one, on a system that has none: no test gets at the person's own.
func withKeychain() {
	file := os.Getenv("TEST_KEYCHAIN")
	if file == "" {
		keyring.MockInitWithError(errors.New("there is none"))
		main()
	}
	must := func(err error) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintln(os.Stderr, "the test's keychain:", err)
			os.Exit(97)
		}
	}
	keyring.MockInit()
	var chain keys.Keychain
	text, err := os.ReadFile(file)
	must(err)
	for line := range strings.Lines(string(text)) {
		server, secret, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, err := chain.Add(context.Background(), server, domain.NewKey(secret))
		must(err)
	}
	code := run(context.Background(), os.Args, os.Stdout, os.Stderr)
	all, err := chain.List()
	must(err)
	var out strings.Builder
	for _, s := range all {
		for _, key := range s.Keys {
			fmt.Fprintln(&out, s.Server, key.Secret())
		}
	}
	must(os.WriteFile(file, []byte(out.String()), 0o600))
	os.Exit(code)
}

// TestScripts types what a user could have typed: the real program, in a folder
// of its own, against the built-in model or a server that misbehaves.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Nothing of the person who runs the tests may get into them.
			for _, name := range []string{
				"VLOCAL_DB", "VLOCAL_BASE_URL", "VLOCAL_MODEL", "VLOCAL_PROVIDER",
				"VLOCAL_API_KEY", "VLOCAL_API_KEYS", "VLOCAL_KEY_FILE", "OPENAI_API_KEY",
			} {
				e.Setenv(name, "")
			}
			// Where os.UserConfigDir and os.UserCacheDir look, on every system.
			home := filepath.Join(e.WorkDir, ".home")
			for name, folder := range map[string]string{
				"HOME": home, "XDG_CACHE_HOME": home, "LocalAppData": home,
				"XDG_CONFIG_HOME": filepath.Join(home, "config"), "AppData": filepath.Join(home, "config"),
			} {
				e.Setenv(name, folder)
			}
			e.Setenv("NO_PROXY", "127.0.0.1")
			// The race detector makes every program wait a second at its end.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"photos":  photos,
			"copies":  copies,
			"serve":   serve,
			"asked":   asked,
			"await":   await,
			"query":   query,
			"change":  change,
			"shorten": shorten,
			"mode":    mode,
			"insist":  insist,

			"images":  images,
			"fetched": fetched,
			"expand":  expand,
			"config":  configFile,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

// exits CODE COMMAND... runs a command and is content when it ends with the
// code.
func exits() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exit code %s, want %s\n", got, os.Args[1])
		os.Exit(98)
	}
	os.Exit(0)
}

// photos DIR [N] makes a folder of good pictures in every format, or of N
// different small JPEGs.
func photos(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	write := func(name string, data []byte) {
		ts.Check(os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		for i := range n {
			// One more pixel each: no two have the same bytes.
			write(fmt.Sprintf("%03d.jpg", i), testimage.JPEG(testimage.Landscape(32+i, 24), 80))
		}
		return
	}
	write("lake.jpg", testimage.WithEXIF(testimage.JPEG(testimage.Turned(testimage.Landscape(320, 200), 6), 90),
		testimage.EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00", GPS: true,
			Make: "Canon", Model: "Canon EOS 40D", Lens: "EF 35mm f/2"}))
	write("badge.png", testimage.PNG(testimage.Badge(120, 120)))
	write("chart.gif", testimage.GIF(testimage.Chart(300, 200)))
	write("fruit.webp", testimage.WebP(testimage.StillLife(160, 120)))
	write("receipt.tiff", testimage.TIFF(testimage.Receipt(300, 420)))
	write("scan.bmp", testimage.BMP(testimage.Receipt(200, 280)))
}

// query SQL WANT compares what a statement gives in vlocal.db, columns joined by
// "|", rows
// by ";".
func query(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs("vlocal.db"))
	ts.Check(err)
	defer db.Close()
	rows, err := db.Query(args[0])
	ts.Check(err)
	defer rows.Close()
	columns, err := rows.Columns()
	ts.Check(err)
	got := ""
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		ts.Check(rows.Scan(dest...))
		if got != "" {
			got += ";"
		}
		for i, c := range cells {
			if i > 0 {
				got += "|"
			}
			got += c.String
		}
	}
	ts.Check(rows.Err())
	if got != args[1] {
		ts.Fatalf("%s\ngives %q\nwant  %q", args[0], got, args[1])
	}
}

// change SQL runs a statement in vlocal.db, as somebody with another tool could.
func change(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs("vlocal.db"))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[0])
	ts.Check(err)
}

// config FROM [TO] makes a config file of a text in which $NAME stands for a
// variable of the script, in the user's config folder if TO is "user", for its
// owner alone to write.
func configFile(ts *testscript.TestScript, _ bool, args []string) {
	to := filepath.Join(ts.Getenv("WORK"), "vlocal.toml")
	if len(args) > 1 {
		folder := ts.Getenv("XDG_CONFIG_HOME")
		if runtime.GOOS == "darwin" { // which has a place of its own for it
			folder = filepath.Join(ts.Getenv("HOME"), "Library", "Application Support")
		}
		to = filepath.Join(folder, "vlocal", "vlocal.toml")
		ts.Check(os.MkdirAll(filepath.Dir(to), 0o700))
	}
	ts.Check(os.WriteFile(to, []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
	ts.Check(os.Chmod(to, 0o600)) // of one that was there, too
}

// mode PERM FILE compares the permissions of a file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	st, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", st.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// await N waits until the server has had N requests.
func await(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := serverOf(ts)
	for deadline := time.Now().Add(time.Minute); s.requests() < want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("only %d requests after a minute", s.requests())
		}
	}
}

// insist presses Ctrl-C for the programs in the background until they end.
func insist(ts *testscript.TestScript, _ bool, _ []string) {
	deadline := time.Now().Add(time.Minute)
	for _, c := range ts.BackgroundCmds() {
		for c.Process.Signal(os.Interrupt) == nil {
			if time.Now().After(deadline) {
				ts.Fatalf("%s does not end", c.Path)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// shorten FILE leaves the first four fifths of a file.
func shorten(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(os.WriteFile(path, data[:len(data)*4/5], 0o600))
}
